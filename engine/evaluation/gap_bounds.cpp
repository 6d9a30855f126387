#include "engine/evaluation/gap_bounds.h"

#include "engine/evaluation/contrasts.h"

namespace equipoise::evaluation {

double upper_gap_bound(const GapSample& unordered, double tail) {
  const GapSample sample = in_canonical_order(unordered);
  return largest_bound(sample, contrasts_of(sample), limits_of, tail, End::upper);
}

double lower_gap_bound(const GapSample& unordered, double tail) {
  const GapSample sample = in_canonical_order(unordered);
  const std::vector<Contrast> contrasts = contrasts_of(sample);
  return largest_bound(sample, contrasts, limits_of, tail / static_cast<double>(contrasts.size()), End::lower);
}

}  // namespace equipoise::evaluation
