#include <vector>

#include "engine/evaluation/metrics.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {
namespace {

struct Above {
  const ScoreStatistics& statistics;

  double of_label(std::size_t cell, std::size_t label, std::size_t column) const {
    return statistics.above[(cell * 2 + label) * (statistics.thresholds.size() + 1) + column];
  }
  double of(std::size_t cell, std::size_t column) const {
    return of_label(cell, 0, column) + of_label(cell, 1, column);
  }
};

}  // namespace

std::vector<double> common_thresholds() {
  constexpr int kCount = 19;  // .05, .10, ..., .95
  std::vector<double> thresholds;
  for (int k = 1; k <= kCount; ++k) thresholds.push_back(k / 20.0);
  return thresholds;
}

std::vector<ThresholdRow> sweep_thresholds(const ScoreStatistics& statistics, const constraints::ConstraintTable& table,
                                           const std::vector<std::vector<bool>>& estimable) {
  const std::vector<double>& thresholds = statistics.thresholds;
  const std::size_t cells = table.cells.cells.size(), everyone = cells;
  const Above above{statistics};
  std::vector<double> sums(cells * constraints::kColumns, 0.0);
  for (std::size_t c = 0; c < cells; ++c) {
    sums[c * constraints::kColumns + constraints::kWeight] = above.of(c, 0);
    sums[c * constraints::kColumns + constraints::kLoss] =
        statistics.cells.sums[c * constraints::kColumns + constraints::kLoss];  // the same at any threshold
  }
  const double positives = above.of_label(everyone, 1, 0), negatives = above.of_label(everyone, 0, 0);
  std::vector<ThresholdRow> rows;
  for (std::size_t k = 0; k < thresholds.size() && positives + negatives > 0; ++k) {
    for (std::size_t c = 0; c < cells; ++c) sums[c * constraints::kColumns + constraints::kHard] = above.of(c, k + 1);
    const double hits = above.of_label(everyone, 1, k + 1), false_alarms = above.of_label(everyone, 0, k + 1);
    ThresholdRow& row = rows.emplace_back();
    row.threshold = thresholds[k];
    row.accuracy = (hits + negatives - false_alarms) / (positives + negatives);
    row.selection_rate = (hits + false_alarms) / (positives + negatives);
    row.gaps = constraint_gaps(table, estimable, sums);
  }
  return rows;
}

}  // namespace equipoise::evaluation
