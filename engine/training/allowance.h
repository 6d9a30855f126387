#pragma once

#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/training/measured_splits.h"
#include "engine/training/run_config.h"

namespace equipoise::training {

/// What chance does to the rates of each table, and how much of it training heeds.
struct ChanceParams {
  double allowance = 0;       ///< standard errors of a measured rate that are taken for noise
  double allowance_rows = 0;  ///< a rate over n rows gets allowance_rows / (allowance_rows + n) of it; 0: all of it
  double margin = 0;          ///< standard errors on held-out rows by which training aims inside a tolerance
};

/// What training takes off a violation, and what it adds.
///
/// Off go `allowance` standard errors of its rates as they were measured: what may be chance moves no multiplier up. Bands
/// are narrowed by them too (constraints::violations): a small group whose rate lies far off by chance must not move the
/// middle for all. On go `margin` standard errors that the figure will have on held-out rows, unless that is more than half
/// (fading until six tenths) of the tolerance for any group, or of .05 for bounds and sums: what is at its tolerance in training is outside on every second set of new people.
///
/// Of a share R over n effective rows a standard error is sqrt(R' (1 - R') / n), with R' = (R n + 1) / (n + 2) so that a rate
/// of 0 has one too; of a mean it is s / sqrt(n), s being the deviation of one row, where that is known. Of several rates squares
/// are added. Bounds and sums of means, which have no tolerance to share, get no margin.
class Allowance {
 public:
  Allowance() = default;
  /// [R] effective rows over the denominator of each rate as it is measured: of the measured rows, and of those held out
  /// (empty: none are).
  /// `held_out_alone`: those of the held-out rows over a sum of their own weights.
  Allowance(ChanceParams params, std::vector<double> measured, std::vector<double> held_out,
            std::vector<double> held_out_alone = {})
      : params_(params),
        measured_(std::move(measured)),
        held_out_(std::move(held_out)),
        held_out_alone_(std::move(held_out_alone)) {}

  /// The violations [J] of the table that multipliers heed; exact rates and cell sums as they were measured, `deviations` [R]
  /// of one row of each rate that is a mean (NaN: not known), or empty.
  std::vector<double> violations(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                                 const std::vector<double>& sums, const std::vector<double>& deviations = {}) const;

  /// The same with nothing taken off.
  Allowance of_margin_alone() const { return {{0, params_.allowance_rows, params_.margin}, measured_, held_out_}; }
  /// [J] what margins put on; 0 of a row whose rates are not defined.
  std::vector<double> margins(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                              const std::vector<double>& sums) const;

  /// Effective rows that a rate over a sum of weights rests on, of the measured rows or of those held out.
  double rows_behind(std::size_t rate, double weight, bool is_held_out) const {
    const std::vector<double>& efficiency = is_held_out ? held_out_alone_ : measured_;
    return efficiency.empty() ? weight : efficiency[rate] * weight;
  }

 private:
  ChanceParams params_;
  std::vector<double> measured_, held_out_, held_out_alone_;
};

/// [R] Effective rows (Kish) of `weight` and `square_weight` by cell over the sum of `measured` weights, in each rate's
/// denominator. Of the measured rows themselves it is 1 where every row weighs 1.
std::vector<double> efficiency_of(const constraints::ConstraintTable& table, const std::vector<double>& weight,
                                  const std::vector<double>& square_weight, const std::vector<double>& measured);

/// Of a run whose multipliers are moved by the rows of `measured`. Held out are the selection rows; where there are none, as many rows as the
/// test split has, made up as the measured ones are.
Allowance allowance_of(const RunConfig& config, const constraints::ConstraintTable& table, const data::Dataset& dataset,
                       MeasuredSplits measured);

}  // namespace equipoise::training
