#pragma once

#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"

namespace equipoise::training {

/// Rates of crossings, drawn towards those of the groups that they are part of.
///
/// What forty women of one race show of them is mostly chance; what all women, and all people of that race show, is not. So
/// multipliers see R' = (n R + m P) / (n + m): n effective rows behind the measured rate R, m as many as the parents' rate P is
/// worth. P is the mean of the rates that the crossing has with each of its parts left out: of women, and of that race. It is the
/// posterior mean of a rate whose prior is a beta distribution around P, worth m rows (empirical Bayes for rates: Efron and Morris
/// 1975; for small areas Fay and Herriot 1979). An aim (the worst group's loss) compares groups with each other, and is left as it is.
class Shrinkage {
 public:
  Shrinkage() = default;
  /// `rows` m, 0: rates stay as they are.
  Shrinkage(const constraints::ConstraintTable& table, const data::Dataset& dataset, double rows);

  /// The rates [R] that multipliers see, of sums [C * 4] and [R] effective rows behind each. A rate that is NaN stays so, and so
  /// does each that is of no crossing.
  std::vector<double> shrunk(const std::vector<double>& rates, const std::vector<double>& sums,
                             const std::vector<double>& rows_behind) const;

 private:
  struct Form {
    constraints::LinearForm numerator, denominator;
  };
  double rows_ = 0;
  std::vector<std::vector<Form>> parents_;  // [R]
};

}  // namespace equipoise::training
