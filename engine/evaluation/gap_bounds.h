#pragma once

#include <cstdint>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_sample.h"

namespace equipoise::evaluation {

/// How surely a gap is known.
///
/// Every form's figure is the largest of some contrasts: r_a - r_b of all ordered pairs (max_min), +-(r_g - r_reference),
/// +-(r_g - r_everyone), log r_a - log r_b (ratio, 1 - exp of minus the largest), r_g (at_most), 1 - r_g (at_least), or
/// one weighted sum (linear). The largest of *estimated*
/// contrasts lies above the largest of the true ones on average, and a percentile bootstrap of it inherits the bias:
/// it does not cover where gaps are near 0. So contrasts are bounded one by one instead, each from its rates' exact
/// limits by Newcombe's square-and-add rule (MOVER: Newcombe 1998; Zou and Donner 2008; Zou, Huang and Zhang 2009).
///
///  * Upper end: the largest of the contrasts' own one-sided bounds. The truly largest contrast is among them, so it is
///    missed no more often than its own bound misses: no allowance for many comparisons is needed (the
///    intersection-union principle; Berger 1982).
///  * Lower end: the largest of the contrasts' lower bounds, and here it matters that the most extreme of many is
///    looked at. They are taken at a critical value that all contrasts keep together: the quantile of the largest
///    standardised deviation over bootstrap resamples of the groups' counts (max-statistic).
///
/// With two groups this is the image of the 95 % interval of r_a - r_b under |.|, which misses 5 % at most. With more,
/// where gaps are near 0 only the lower end can miss, and where they are large mostly the upper;
/// tests/engine/evaluation/gap_coverage_test.cpp checks the sum by simulation.

/// Upper bound on the gap that is missed with probability at most about `tail`. The sample must be comparable.
double upper_gap_bound(const GapSample& sample, double tail);

/// Deviations of resampled rates from the sample's, drawn once and used for the lower ends and the noise floor.
struct Draws {
  std::int64_t resamples = 0;
  std::uint64_t seed = 0;  ///< of this promise
};

/// Lower bounds on the gap, each with the upper end of half its `miss` an interval that misses with probability at most
/// about `miss`; all from the same draws. The sample must be comparable. Needs least_resamples of the smallest `miss`.
std::vector<double> lower_gap_bounds(const GapSample& sample, const std::vector<double>& misses, const Draws& draws);

/// The fewest resamples among which there is a quantile that is exceeded with probability `miss`: 1 / miss - 1 or the
/// next whole number.
std::int64_t least_resamples(double miss);

/// Two-sided interval of the gap, missed with probability at most about `miss`, of which the upper end takes at most
/// `upper_tail`. The sample must be comparable.
Interval gap_interval(const GapSample& sample, double miss, double upper_tail, const Draws& draws);

/// Mean gap over resamples in which every level has the pooled rate of the compared levels, and its own number of rows;
/// 0 for forms that compare no groups.
double noise_floor(const GapSample& sample, const Draws& draws);

}  // namespace equipoise::evaluation
