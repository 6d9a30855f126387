#pragma once

#include <cstdint>
#include <vector>

#include "engine/constraints/rates.h"
#include "engine/constraints/table.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// What one set of rows says about the rates of one promise.
struct GapSample {
  struct Level {
    bool compared = false;  ///< enough rows to be part of the figure
    double rate = 0;        ///< NaN without rows
    double rows = 0;        ///< effective rows in the rate's denominator
    double shown_rows = 0;  ///< those that the interval of a share rests on
    double share = 0;       ///< of the denominator of everyone's rate
    constraints::RateFamily family = constraints::RateFamily::share;
    double deviation = 0;     ///< of a mean: the standard deviation of one effective row
    double skewness = 0;      ///< of a mean: that of one row
    std::size_t cluster = 0;  ///< levels whose rates rest on common rows have the same; others are independent
  };
  /// The promise with `estimable` as these rows have it, its levels' rates numbered 0, 1, ... and then everyone's.
  constraints::Promise promise;
  std::vector<Level> levels;

  /// Whether there is a figure at all.
  bool comparable() const;
  /// The levels' rates, then everyone's, the shares' mean of them: [levels + 1]. The same bits in any order of the levels.
  std::vector<double> rates() const;
};

/// From exact cell sums [C * 4]. `estimable` [levels]: the levels that may be compared, which are so when they have rows.
///
/// A share R = N / D rests on as many rows of equal weight as
///   min((sum_D s)^2 / sum_D s^2, R (1 - R) D^2 / sum s^2 (n - R d)^2)
/// where a row adds n to N and d to D: Kish (1965), and what R's linearised variance (Saerndal, Swensson and Wretman
/// 1992, section 5.6) leaves of a binomial's. With rows of weight 1 whose n and d are 0 or 1 that is D. A mean rests on
/// Kish's number of rows, of the standard deviation that the same variance gives with one row more of the rarer label. Its skewness is
/// that of a mixture of two gammas, of the labels' means and deviations, and no less than a gamma's, twice the coefficient of
/// variation, but no more than the root of the number of rows. A score's error, score minus label, has half a row more of the rarer label and the skewness of labels, which may be
/// below 0. Means of a regression are of the rows as they are; squared errors and losses have a gamma's skewness, others none.
GapSample make_gap_sample(const constraints::ConstraintTable& table, const constraints::Promise& promise,
                          const std::vector<double>& sums, const SquareWeights& squares,
                          const std::vector<bool>& estimable);

/// The standard deviation that one effective row of a mean has, from exact cell sums and their spread; NaN for a share, and where
/// there are no rows or no spread.
double deviation_of_mean(const constraints::ConstraintTable& table, const constraints::Rate& rate,
                         const std::vector<double>& sums, const SquareWeights& squares);

/// Limits of one level's rate, each missed with probability at most `tail`: exact ones of a share, skewed_limits of a mean.
Interval limits_of(const GapSample::Level& level, double tail);

/// The limits that are shown, which miss with twice `tail` on average over rates: Wilson's of a share, gamma_limits of a mean.
Interval shown_limits_of(const GapSample::Level& level, double tail);

/// The same sample with its levels in an order that hangs on what they say alone, not on their names or codes: draws and
/// sums over levels are made in it, so that other names or codes give the same bits. The terms of a weighted sum keep
/// theirs, which is the config's.
GapSample in_canonical_order(const GapSample& sample);

/// Everyone's rate in the entry after the levels', from theirs.
void set_overall_rate(const GapSample& sample, std::vector<double>& rates);

}  // namespace equipoise::evaluation
