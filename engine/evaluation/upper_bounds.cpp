#include <algorithm>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {

std::vector<std::optional<double>> upper_bounds(const constraints::ConstraintTable& table,
                                                const std::vector<double>& sums,
                                                const std::vector<double>& square_weights,
                                                const EvaluationParams& params) {
  std::vector<std::optional<double>> bounds;
  for (const constraints::Promise& promise : table.promises) {
    const GapSample sample = make_gap_sample(table, promise, sums, square_weights, promise.estimable);
    const double tail = (1 - params.confidence) / promises_of_constraint(table, promise.constraint);
    bounds.push_back(sample.comparable() ? std::optional(upper_gap_bound(sample, tail)) : std::nullopt);
  }
  return bounds;
}

}  // namespace equipoise::evaluation
