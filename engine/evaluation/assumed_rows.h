#pragma once

#include <cstdint>
#include <vector>

#include "engine/constraints/row_counts.h"
#include "engine/constraints/table.h"
#include "engine/evaluation/gap_sample.h"

namespace equipoise::evaluation {

/// Of what varies (a group's targets or labels) a better model than is asked for is taken to explain this share.
inline constexpr double kExplained = 0.5;

/// What measuring the test rows would count of a model of which something is assumed: each cell's rows and weights are theirs.
class AssumedRows {
 public:
  AssumedRows(const constraints::ConstraintTable& table, const constraints::RowCounts& counts);

  /// The share of a cell's rows that are decided positive.
  void select(std::int32_t cell, double share);
  /// Decisions that give a share of rows the rate, in every cell alike; of a rate over decisions (PPV), which may have that
  /// rate in many ways, those with the largest denominator.
  void set_share(const constraints::Rate& rate, double value);
  /// Scores that are right: of rows that score s the share s is positive. A group's are spread as Beta(c p, c (1 - p)), p
  /// being its share of positives, with the c that explains kExplained of its labels' variance, 1 / (1 + c) of it.
  void set_right_scores(const constraints::Rate& rate);
  /// The log losses of right scores that explain such a share, which vary as log_losses_of_right_scores says of each answer.
  void set_log_losses(const constraints::Rate& rate, double explained);
  /// The same of kExplained, with one number added to all of them so that their mean is `mean`.
  void set_equal_log_losses(const constraints::Rate& rate, double mean);
  /// The mean of such losses; NaN where the rate has no rows.
  double mean_log_loss(const constraints::Rate& rate, double explained) const;
  /// A figure of a regression, or its loss, that has this mean and standard deviation.
  void set_figure(const constraints::Rate& rate, double mean, double deviation);

  /// What would be said of the promise; levels with fewer than `min_rows` effective rows have no part in it.
  GapSample sample(const constraints::Promise& promise, std::int64_t min_rows) const;

 private:
  double& sum(std::int32_t cell, constraints::Column column) {
    return sums_[static_cast<std::size_t>(cell) * constraints::kColumns + column];
  }
  void set_rows(std::int32_t cell, double weight, double square);
  void add_log_losses(const constraints::Rate& rate, double explained, double added);
  double effective_rows(const constraints::Rate& rate) const;

  const constraints::ConstraintTable& table_;
  const std::vector<double>&weight_, &square_;  // of the test rows
  std::vector<double> sums_;
  SquareWeights squares_;
};

}  // namespace equipoise::evaluation
