#include <algorithm>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {
namespace {

using Bound = double (*)(const GapSample& sample, double tail);

std::vector<std::optional<double>> bounds_by(Bound bound, const constraints::ConstraintTable& table,
                                             const std::vector<double>& sums, const SquareWeights& squares,
                                             const EvaluationParams& params, std::int64_t min_rows) {
  std::vector<std::optional<double>> bounds;
  for (const constraints::Promise& promise : table.promises) {
    GapSample sample = make_gap_sample(table, promise, sums, squares, promise.estimable);
    const constraints::RateEntry* rate = constraints::find_rate(promise.rate);
    for (std::size_t i = 0; rate && rate->by_score && i < sample.levels.size(); ++i) {
      if (sample.levels[i].rows >= static_cast<double>(min_rows)) continue;
      sample.levels[i].compared = false;
      sample.promise.estimable[i] = false;
    }
    bounds.push_back(sample.comparable() ? std::optional(bound(sample, 1 - params.confidence)) : std::nullopt);
  }
  return bounds;
}

}  // namespace

std::vector<std::optional<double>> upper_bounds(const constraints::ConstraintTable& table,
                                                const std::vector<double>& sums, const SquareWeights& squares,
                                                const EvaluationParams& params, std::int64_t min_rows) {
  return bounds_by(upper_gap_bound, table, sums, squares, params, min_rows);
}

std::vector<std::optional<double>> lower_bounds(const constraints::ConstraintTable& table,
                                                const std::vector<double>& sums, const SquareWeights& squares,
                                                const EvaluationParams& params, std::int64_t min_rows) {
  return bounds_by(lower_gap_bound, table, sums, squares, params, min_rows);
}

}  // namespace equipoise::evaluation
