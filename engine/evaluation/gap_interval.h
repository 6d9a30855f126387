#pragma once

#include <cstdint>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_sample.h"
#include "engine/evaluation/resampler.h"

namespace equipoise::evaluation {

/// The interval that is shown of a figure: it misses with probability about `miss`, the two ends together.
///
/// The largest of *estimated* contrasts lies above the largest of the true ones on average, and a percentile bootstrap of it
/// inherits the bias: it does not cover where gaps are near 0. So contrasts are bounded one by one (contrasts.h), from the limits
/// that are shown of rates.
///
///  * Upper end: the largest of the contrasts' bounds at miss / 2, and never below the bound that "met" hangs on
///    (gap_bounds.h). Where several contrasts are near the largest it hardly ever misses.
///  * Lower end: what the upper end leaves of `miss`. The largest of the contrasts' lower bounds, at a critical value that is found
///    by refusing populations: those between one whose contrasts are all equal and the sample's own, which differ in one
///    number, by how much contrasts differ (a least favourable family; DiCiccio and Romano 1990). Of each the draws say how
///    often the upper end misses and which value the largest standardised deviation exceeds in the rest of `miss`; contrasts that
///    are far below the largest cannot be it and do not count (as in generalised moment selection; Andrews and Soares 2010).
///    Each counts as .7 of its standard error nearer to the largest than it was found: chance alone spreads equal ones apart.
///
/// This is an approximation, checked by simulation (docs/statistics.md): no interval of a largest value covers exactly everywhere.
/// The sample must be comparable, and needs least_resamples(miss, 1).
Interval gap_interval(const GapSample& sample, double miss, const Draws& draws);

/// One interval each for `parts`: its lower end takes 1 / parts of what the upper end leaves, as where the largest of so many
/// figures is shown. All from the same draws; needs least_resamples of the largest.
std::vector<Interval> gap_intervals(const GapSample& sample, double miss, const std::vector<double>& parts,
                                    const Draws& draws);

/// The fewest resamples that have the quantiles of an interval: among n there is none that is exceeded with a probability
/// below 1 / (n + 1).
std::int64_t least_resamples(double miss, double parts);

}  // namespace equipoise::evaluation
