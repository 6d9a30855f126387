#include "engine/evaluation/gap_bounds.h"

#include "engine/evaluation/contrasts.h"

namespace equipoise::evaluation {

double upper_gap_bound(const GapSample& unordered, double tail) {
  const GapSample sample = in_canonical_order(unordered);
  return largest_bound(sample, contrasts_of(sample), limits_of, tail, End::upper);
}

}  // namespace equipoise::evaluation
