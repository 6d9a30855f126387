#include <algorithm>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {

std::vector<std::optional<double>> upper_bounds(const constraints::ConstraintTable& table,
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
    bounds.push_back(sample.comparable() ? std::optional(upper_gap_bound(sample, 1 - params.confidence))
                                         : std::nullopt);
  }
  return bounds;
}

}  // namespace equipoise::evaluation
