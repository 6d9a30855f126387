#include <algorithm>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {

std::vector<std::optional<double>> upper_bounds(const constraints::ConstraintTable& table,
                                                const std::vector<double>& sums, const SquareWeights& squares,
                                                const EvaluationParams& params) {
  std::vector<std::optional<double>> bounds;
  for (const constraints::Promise& promise : table.promises) {
    const GapSample sample = make_gap_sample(table, promise, sums, squares, promise.estimable);
    bounds.push_back(sample.comparable() ? std::optional(upper_gap_bound(sample, 1 - params.confidence))
                                         : std::nullopt);
  }
  return bounds;
}

}  // namespace equipoise::evaluation
