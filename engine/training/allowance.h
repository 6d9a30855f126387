#pragma once

#include <vector>

#include "engine/constraints/table.h"

namespace equipoise::training {

/// How far a measured rate may be off by chance: what training must not pay for. A violation that is smaller than `errors`
/// standard errors of its rates moves no multiplier up.
///
/// Of a share R over n effective rows one is sqrt(R' (1 - R') / n), with R' = (R n + 1) / (n + 2) so that a rate of 0 has
/// one too; of other rates none is taken. Bands are narrowed by it too (constraints::violations): a small group whose rate
/// lies far off by chance must not move the middle for all.
class Allowance {
 public:
  Allowance() = default;
  /// `efficiency` [R]: effective rows over the denominator of each rate, on the rows that are measured.
  Allowance(double errors, std::vector<double> efficiency) : errors_(errors), efficiency_(std::move(efficiency)) {}

  /// The violations [J] of the table with the allowance taken off; exact rates and cell sums as they were measured.
  std::vector<double> violations(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                                 const std::vector<double>& sums) const;

 private:
  double errors_ = 0;
  std::vector<double> efficiency_;
};

/// [R] Effective rows (Kish) over the sum of weights in each rate's denominator, from sums of weights and of their squares
/// by cell; 1 for rows of weight 1.
std::vector<double> efficiency_of(const constraints::ConstraintTable& table, const std::vector<double>& weight,
                                  const std::vector<double>& square_weight);

}  // namespace equipoise::training
