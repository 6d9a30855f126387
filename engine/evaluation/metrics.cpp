#include "engine/evaluation/metrics.h"

#include <cmath>
#include <vector>

#include "engine/constraints/row_counts.h"
#include "engine/evaluation/limits.h"

namespace equipoise::evaluation {
namespace {

std::optional<double> share(double part, double whole) {
  return whole > 0 ? std::optional(part / whole) : std::nullopt;
}

// Rows of equal weight that a rate rests on; 0 without any.
double rows_behind(const std::optional<double>& rate, double weight, double square_weight, double square_in_share) {
  return rate ? constraints::effective_rows(weight, square_weight, *rate, square_in_share) : 0;
}

std::optional<Interval> interval_of(const std::optional<double>& rate, double rows, double confidence) {
  if (!rate) return std::nullopt;
  return wilson(*rate, rows, confidence);
}

GroupMetrics group_metrics(const Tally& tally, const std::optional<double>& auc, double confidence) {
  const double all = tally.weight[0] + tally.weight[1], selected = tally.selected[0] + tally.selected[1];
  GroupMetrics group;
  group.rows = tally.rows;
  group.weight = all;
  group.base_rate = share(tally.weight[1], all);
  group.selection_rate = share(selected, all);
  group.true_positive_rate = share(tally.selected[1], tally.weight[1]);
  group.false_positive_rate = share(tally.selected[0], tally.weight[0]);
  group.precision = share(tally.selected[1], selected);
  group.accuracy = share(tally.selected[1] + tally.weight[0] - tally.selected[0], all);
  group.auc = auc;
  group.selection_rate_rows = rows_behind(group.selection_rate, all, tally.square_weight[0] + tally.square_weight[1],
                                          tally.square_selected[0] + tally.square_selected[1]);
  group.true_positive_rate_rows =
      rows_behind(group.true_positive_rate, tally.weight[1], tally.square_weight[1], tally.square_selected[1]);
  group.false_positive_rate_rows =
      rows_behind(group.false_positive_rate, tally.weight[0], tally.square_weight[0], tally.square_selected[0]);
  group.selection_rate_interval = interval_of(group.selection_rate, group.selection_rate_rows, confidence);
  group.true_positive_rate_interval = interval_of(group.true_positive_rate, group.true_positive_rate_rows, confidence);
  group.false_positive_rate_interval =
      interval_of(group.false_positive_rate, group.false_positive_rate_rows, confidence);
  return group;
}

std::vector<GroupMetrics> grouping_metrics(const ScoreStatistics::OfGrouping& grouping, double confidence) {
  std::vector<GroupMetrics> groups;
  for (std::size_t level = 0; level < grouping.levels.size(); ++level) {
    groups.push_back(group_metrics(grouping.tallies[level], grouping.areas[level], confidence));
    groups.back().grouping = grouping.name;
    groups.back().level = grouping.levels[level];
  }
  return groups;
}

// Bins of equal width over the scores, and the expected calibration error: the mean over rows of their bin's distance
// between mean score and share of positives. A bin's figures are 0 where it has no rows.
void calibrate(const std::vector<double>& histogram, Metrics& metrics) {
  constexpr std::size_t kQuantities = 4;  // rows, weight, weighted scores, weighted positives
  const std::size_t bins = histogram.size() / kQuantities;
  double error = 0, total = 0;
  for (std::size_t b = 0; b < bins; ++b) {
    const double* sums = &histogram[b * kQuantities];
    CalibrationBin& bin = metrics.calibration.emplace_back();
    bin.low = static_cast<double>(b) / static_cast<double>(bins);
    bin.high = static_cast<double>(b + 1) / static_cast<double>(bins);
    bin.rows = static_cast<std::int64_t>(sums[0]);
    const double weight = sums[1];
    bin.mean_score = weight > 0 ? sums[2] / weight : sums[2];
    bin.positive_share = weight > 0 ? sums[3] / weight : sums[3];
    error += weight * std::abs(bin.mean_score - bin.positive_share);
    total += weight;
  }
  metrics.calibration_error = total > 0 ? error / total : 0;
}

}  // namespace

Metrics measure(const ScoreStatistics& statistics, const EvaluationParams& params) {
  Metrics metrics;
  const Tally& everyone = statistics.everyone;
  metrics.rows = everyone.rows;
  metrics.groups.push_back(group_metrics(everyone, statistics.area, params.confidence));
  const GroupMetrics& all = metrics.groups.front();
  metrics.accuracy = all.accuracy.value_or(0);
  metrics.auc = all.auc;
  const double square_right = everyone.square_selected[1] + everyone.square_weight[0] - everyone.square_selected[0];
  metrics.accuracy_interval = interval_of(
      all.accuracy,
      rows_behind(all.accuracy, all.weight, everyone.square_weight[0] + everyone.square_weight[1], square_right),
      params.confidence);
  if (statistics.loss_weight > 0) {
    metrics.log_loss = statistics.log_loss / statistics.loss_weight;
    metrics.brier = statistics.brier / statistics.loss_weight;
  }
  calibrate(statistics.histogram, metrics);
  for (const ScoreStatistics::OfGrouping& grouping : statistics.groupings) {
    const auto groups = grouping_metrics(grouping, params.confidence);
    metrics.groups.insert(metrics.groups.end(), groups.begin(), groups.end());
  }
  return metrics;
}

}  // namespace equipoise::evaluation
