#include "engine/evaluation/metrics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/constraints/row_counts.h"
#include "engine/evaluation/auc.h"
#include "engine/evaluation/limits.h"

namespace equipoise::evaluation {
namespace {

double weight_of(const Scores& scores, std::size_t row) {
  return scores.weights.empty() ? 1.0 : scores.weights[row];
}

// Sums over the rows of one level, by label.
struct Tally {
  std::int64_t rows = 0;
  double weight[2] = {0, 0};
  double square_weight[2] = {0, 0};
  double selected[2] = {0, 0};

  void add(std::uint8_t label, double row_weight, bool is_selected) {
    ++rows;
    weight[label] += row_weight;
    square_weight[label] += row_weight * row_weight;
    if (is_selected) selected[label] += row_weight;
  }
};

std::optional<double> share(double part, double whole) {
  return whole > 0 ? std::optional(part / whole) : std::nullopt;
}

std::optional<Interval> interval_of(const std::optional<double>& rate, double weight, double square_weight,
                                    double confidence) {
  if (!rate) return std::nullopt;
  return wilson(*rate, constraints::effective_rows(weight, square_weight), confidence);
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
  group.selection_rate_interval =
      interval_of(group.selection_rate, all, tally.square_weight[0] + tally.square_weight[1], confidence);
  group.true_positive_rate_interval =
      interval_of(group.true_positive_rate, tally.weight[1], tally.square_weight[1], confidence);
  group.false_positive_rate_interval =
      interval_of(group.false_positive_rate, tally.weight[0], tally.square_weight[0], confidence);
  return group;
}

std::vector<GroupMetrics> grouping_metrics(const Scores& scores, const RankedRows& ranked, const std::string& name,
                                           const std::vector<std::string>& levels,
                                           const std::vector<std::int32_t>& codes, double confidence) {
  std::vector<Tally> tallies(levels.size());
  for (std::size_t i = 0; i < codes.size(); ++i)
    if (codes[i] >= 0) tallies[codes[i]].add(scores.labels[i], weight_of(scores, i), scores.probability[i] > 0.5);
  const auto areas = ranked.areas(codes, levels.size());
  std::vector<GroupMetrics> groups;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    groups.push_back(group_metrics(tallies[level], areas[level], confidence));
    groups.back().grouping = name;
    groups.back().level = levels[level];
  }
  return groups;
}

// Bins of equal width over the scores; a bin's figures are 0 where it has no rows.
std::vector<CalibrationBin> calibrate(const Scores& scores, std::int64_t bins) {
  std::vector<CalibrationBin> table(static_cast<std::size_t>(bins));
  std::vector<double> weights(table.size(), 0.0);
  for (std::size_t i = 0; i < scores.probability.size(); ++i) {
    const double score = scores.probability[i], weight = weight_of(scores, i);
    const auto bin = static_cast<std::size_t>(std::min<double>(score * static_cast<double>(bins), bins - 1));
    ++table[bin].rows;
    table[bin].mean_score += weight * score;
    table[bin].positive_share += weight * scores.labels[i];
    weights[bin] += weight;
  }
  for (std::size_t b = 0; b < table.size(); ++b) {
    table[b].low = static_cast<double>(b) / static_cast<double>(bins);
    table[b].high = static_cast<double>(b + 1) / static_cast<double>(bins);
    if (weights[b] <= 0) continue;
    table[b].mean_score /= weights[b];
    table[b].positive_share /= weights[b];
  }
  return table;
}

// Expected calibration error: the mean over rows of their bin's distance between mean score and share of positives.
double calibration_error(const Scores& scores, const std::vector<CalibrationBin>& table) {
  double error = 0, total = 0;
  const auto bins = static_cast<double>(table.size());
  for (std::size_t i = 0; i < scores.probability.size(); ++i) {
    const CalibrationBin& bin = table[static_cast<std::size_t>(std::min(scores.probability[i] * bins, bins - 1))];
    const double weight = weight_of(scores, i);
    error += weight * std::abs(bin.mean_score - bin.positive_share);
    total += weight;
  }
  return total > 0 ? error / total : 0;
}

// Mean log loss and Brier score.
void measure_losses(const Scores& scores, Metrics& metrics) {
  double log_loss = 0, brier = 0, total = 0;
  for (std::size_t i = 0; i < scores.probability.size(); ++i) {
    const double score = scores.probability[i], weight = weight_of(scores, i);
    const double of_label = scores.labels[i] ? score : 1 - score;
    log_loss -= weight * std::log(std::max(of_label, kSurest));
    brier += weight * (1 - of_label) * (1 - of_label);
    total += weight;
  }
  if (total <= 0) return;
  metrics.log_loss = log_loss / total;
  metrics.brier = brier / total;
}

}  // namespace

Metrics measure(const Scores& scores, const EvaluationParams& params) {
  Metrics metrics;
  metrics.rows = static_cast<std::int64_t>(scores.probability.size());
  const RankedRows ranked(scores.probability, scores.labels, scores.weights);
  const std::vector<std::int32_t> everyone(scores.probability.size(), 0);
  metrics.groups = grouping_metrics(scores, ranked, "", {""}, everyone, params.confidence);
  const GroupMetrics& all = metrics.groups.front();
  metrics.accuracy = all.accuracy.value_or(0);
  metrics.auc = all.auc;
  if (all.accuracy) {
    double weight = 0, square = 0;
    for (std::size_t i = 0; i < scores.probability.size(); ++i) {
      weight += weight_of(scores, i);
      square += weight_of(scores, i) * weight_of(scores, i);
    }
    metrics.accuracy_interval =
        wilson(metrics.accuracy, constraints::effective_rows(weight, square), params.confidence);
  }
  measure_losses(scores, metrics);
  metrics.calibration = calibrate(scores, params.calibration_bins);
  metrics.calibration_error = calibration_error(scores, metrics.calibration);
  for (const Scores::GroupCodes& grouping : scores.groupings) {
    const auto groups =
        grouping_metrics(scores, ranked, grouping.name, grouping.levels, grouping.codes, params.confidence);
    metrics.groups.insert(metrics.groups.end(), groups.begin(), groups.end());
  }
  return metrics;
}

}  // namespace equipoise::evaluation
