#include "engine/evaluation/metrics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/constraints/row_counts.h"
#include "engine/evaluation/auc.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/score_rows.h"
#include "engine/evaluation/strips.h"

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
    selected[label] += is_selected ? row_weight : 0.0;  // as likely as not: no branch
  }

  void join(const Tally& later) {
    rows += later.rows;
    for (const int label : {0, 1}) {
      weight[label] += later.weight[label];
      square_weight[label] += later.square_weight[label];
      selected[label] += later.selected[label];
    }
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

std::vector<Tally> tally_levels(const Scores& scores, std::span<const std::int32_t> codes, std::size_t levels) {
  return sum_rows(
      codes.size(), std::vector<Tally>(levels),
      [&](std::vector<Tally>& tallies, std::size_t i) {
        if (codes[i] >= 0) tallies[codes[i]].add(scores.labels[i], weight_of(scores, i), scores.probability[i] > 0.5);
      },
      [](std::vector<Tally>& tallies, const std::vector<Tally>& later) {
        for (std::size_t level = 0; level < tallies.size(); ++level) tallies[level].join(later[level]);
      });
}

Tally tally_everyone(const Scores& scores) {
  return sum_rows(
      scores.probability.size(), Tally(),
      [&](Tally& tally, std::size_t i) {
        tally.add(scores.labels[i], weight_of(scores, i), scores.probability[i] > 0.5);
      },
      [](Tally& tally, const Tally& later) { tally.join(later); });
}

std::vector<GroupMetrics> grouping_metrics(const Scores& scores, const RankedRows& ranked,
                                           const Scores::GroupCodes& grouping, double confidence) {
  const std::size_t levels = grouping.levels.size();
  const std::vector<Tally> tallies = tally_levels(scores, grouping.codes, levels);
  const auto areas = ranked.areas(grouping.codes, levels);
  std::vector<GroupMetrics> groups;
  for (std::size_t level = 0; level < levels; ++level) {
    groups.push_back(group_metrics(tallies[level], areas[level], confidence));
    groups.back().grouping = grouping.name;
    groups.back().level = grouping.levels[level];
  }
  return groups;
}

// Bins of equal width over the scores, and the expected calibration error: the mean over rows of their bin's distance
// between mean score and share of positives. A bin's figures are 0 where it has no rows.
void calibrate(const Scores& scores, std::int64_t bins, Metrics& metrics) {
  constexpr std::size_t kQuantities = 4;  // rows, weight, weighted scores, weighted positives
  const kernels::ScoreRows rows = score_rows(scores.probability, scores.labels, scores.weights);
  std::vector<double> histogram(static_cast<std::size_t>(bins) * kQuantities);
  kernels::score_histogram_cpu(rows, {bins, 0.0, static_cast<double>(bins), histogram.data()});
  double error = 0, total = 0;
  for (std::int64_t b = 0; b < bins; ++b) {
    const double* sums = &histogram[static_cast<std::size_t>(b) * kQuantities];
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

// Mean log loss and Brier score.
void measure_losses(const Scores& scores, Metrics& metrics) {
  struct Sums {
    double log_loss = 0, brier = 0, weight = 0;
  };
  const Sums sums = sum_rows(
      scores.probability.size(), Sums(),
      [&](Sums& sums, std::size_t i) {
        const double score = scores.probability[i], weight = weight_of(scores, i);
        const double of_label = scores.labels[i] ? score : 1 - score;
        sums.log_loss -= weight * std::log(std::max(of_label, kSurest));
        sums.brier += weight * (1 - of_label) * (1 - of_label);
        sums.weight += weight;
      },
      [](Sums& sums, const Sums& later) {
        sums.log_loss += later.log_loss;
        sums.brier += later.brier;
        sums.weight += later.weight;
      });
  if (sums.weight <= 0) return;
  metrics.log_loss = sums.log_loss / sums.weight;
  metrics.brier = sums.brier / sums.weight;
}

}  // namespace

Metrics measure(const Scores& scores, const EvaluationParams& params) {
  Metrics metrics;
  metrics.rows = static_cast<std::int64_t>(scores.probability.size());
  const RankedRows ranked(scores.probability, scores.labels, scores.weights);
  const Tally everyone = tally_everyone(scores);
  metrics.groups.push_back(group_metrics(everyone, ranked.area(), params.confidence));
  const GroupMetrics& all = metrics.groups.front();
  metrics.accuracy = all.accuracy.value_or(0);
  metrics.auc = all.auc;
  metrics.accuracy_interval =
      interval_of(all.accuracy, all.weight, everyone.square_weight[0] + everyone.square_weight[1], params.confidence);
  measure_losses(scores, metrics);
  calibrate(scores, params.calibration_bins, metrics);
  for (const Scores::GroupCodes& grouping : scores.groupings) {
    const auto groups = grouping_metrics(scores, ranked, grouping, params.confidence);
    metrics.groups.insert(metrics.groups.end(), groups.begin(), groups.end());
  }
  return metrics;
}

}  // namespace equipoise::evaluation
