#include <algorithm>
#include <array>
#include <vector>

#include "engine/evaluation/metrics.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {
namespace {

constexpr int kThresholds = 19;  // .05, .10, ..., .95

std::array<double, kThresholds> common_thresholds() {
  std::array<double, kThresholds> thresholds{};
  for (int k = 0; k < kThresholds; ++k) thresholds[k] = (k + 1) / 20.0;
  return thresholds;
}

// Weights of the rows above exactly k thresholds, by k; above threshold k are those of the entries k + 1 and on.
using Histogram = std::array<double, kThresholds + 1>;

double above(const Histogram& histogram, int threshold) {
  double total = 0;
  for (int k = threshold + 1; k <= kThresholds; ++k) total += histogram[k];
  return total;
}

}  // namespace

std::vector<ThresholdRow> sweep_thresholds(const Scores& scores, const constraints::ConstraintTable& table,
                                           const std::vector<std::vector<bool>>& estimable) {
  const auto thresholds = common_thresholds();
  std::vector<Histogram> by_cell(table.cells.cells.size());
  std::array<Histogram, 2> by_label{};
  for (std::size_t i = 0; i < scores.probability.size(); ++i) {
    const auto passed = std::lower_bound(thresholds.begin(), thresholds.end(), scores.probability[i]);
    const auto bucket = static_cast<std::size_t>(passed - thresholds.begin());
    const double weight = scores.weights.empty() ? 1.0 : scores.weights[i];
    by_label[scores.labels[i]][bucket] += weight;
    if (scores.cells[i] != data::kUnknownLevel) by_cell[scores.cells[i]][bucket] += weight;
  }
  std::vector<double> sums(by_cell.size() * constraints::kColumns, 0.0);
  for (std::size_t c = 0; c < by_cell.size(); ++c)
    sums[c * constraints::kColumns + constraints::kWeight] = above(by_cell[c], -1);
  const double positives = above(by_label[1], -1), negatives = above(by_label[0], -1);
  std::vector<ThresholdRow> rows;
  for (int k = 0; k < kThresholds && positives + negatives > 0; ++k) {
    for (std::size_t c = 0; c < by_cell.size(); ++c)
      sums[c * constraints::kColumns + constraints::kHard] = above(by_cell[c], k);
    const double hits = above(by_label[1], k), false_alarms = above(by_label[0], k);
    ThresholdRow& row = rows.emplace_back();
    row.threshold = thresholds[k];
    row.accuracy = (hits + negatives - false_alarms) / (positives + negatives);
    row.selection_rate = (hits + false_alarms) / (positives + negatives);
    row.gaps = constraint_gaps(table, estimable, sums);
  }
  return rows;
}

}  // namespace equipoise::evaluation
