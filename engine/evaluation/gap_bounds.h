#pragma once

#include "engine/evaluation/gap_sample.h"

namespace equipoise::evaluation {

/// Upper bound on a figure that is missed with probability at most about `tail`: the largest of its contrasts' own
/// one-sided bounds (contrasts.h), from exact limits. The truly largest contrast is among them, so it is missed no more often
/// than its own bound misses: no allowance for many comparisons is needed (the intersection-union principle; Berger
/// 1982). "Met" hangs on this bound. The sample must be comparable.
double upper_gap_bound(const GapSample& sample, double tail);

/// Lower bound on a figure that is missed with probability at most about `tail`: the largest of its contrasts' own one-sided
/// bounds, each at `tail` over their number, since any one of them that lies too high makes it too high. The sample must be
/// comparable.
double lower_gap_bound(const GapSample& sample, double tail);

}  // namespace equipoise::evaluation
