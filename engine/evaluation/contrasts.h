#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_sample.h"

namespace equipoise::evaluation {

/// Every form's figure is the largest of some weighted sums of levels' rates, its contrasts: r_a - r_b of all ordered pairs
/// (max_min), +-(r_g - r_reference), +-(r_g - r_everyone), log r_a - log r_b (ratio, 1 - exp of minus the largest), r_g
/// (at_most), -r_g (at_least, 1 + the largest), or one weighted sum (linear).
using Contrast = std::vector<std::pair<std::size_t, double>>;  ///< (level, coefficient)

std::vector<Contrast> contrasts_of(const GapSample& sample);

/// A level's rate on the scale of its contrasts: the rate or, of a ratio, its logarithm. 0 has none: half a row of `rows`
/// stands for it.
double scaled(const GapSample& sample, double rate, double rows);

/// Standard deviation of a level's estimated rate on that scale. `rate` must not be 0 or 1.
double scaled_deviation(const GapSample& sample, const GapSample::Level& level, double rate);

/// The figure that belongs to the largest contrast, inside what it can be.
double figure_of(const GapSample& sample, double contrast);

/// Limits of one level's rate, each missed with probability at most about `tail`.
using Limits = Interval (*)(const GapSample::Level& level, double tail);

enum class End { lower = -1, upper = +1 };

/// The figure of the largest of the contrasts' own bounds on one side, each from its levels' limits by Newcombe's
/// square-and-add rule (MOVER: Newcombe 1998; Zou and Donner 2008; Zou, Huang and Zhang 2009). Rates that rest on common rows
/// may go the same way, so their reaches themselves are added, not the squares.
double largest_bound(const GapSample& sample, const std::vector<Contrast>& contrasts, Limits limits, double tail,
                     End end);

}  // namespace equipoise::evaluation
