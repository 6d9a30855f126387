#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>

#include "engine/constraints/rates.h"
#include "engine/core/error.h"
#include "engine/evaluation/auc.h"
#include "engine/evaluation/metrics.h"
#include "engine/evaluation/score_rows.h"
#include "engine/evaluation/score_statistics.h"
#include "engine/evaluation/strips.h"

namespace equipoise::evaluation {
namespace {

void check(const std::string& split, const Scores& scores) {
  const std::size_t rows = scores.probability.size();
  bool same = scores.labels.size() == rows && scores.cells.size() == rows &&
              (scores.weights.empty() || scores.weights.size() == rows) &&
              (scores.decisions.empty() || scores.decisions.size() == rows);
  for (const Scores::GroupCodes& grouping : scores.groupings)
    same = same && (grouping.codes.empty() || grouping.codes.size() == rows);
  if (!same) throw std::logic_error("evaluate: labels, weights, cells and group codes need one entry per score");
  for (std::size_t i = 0; i < rows; ++i)
    if (const double score = scores.probability[i]; !(score >= 0 && score <= 1))
      refuse_score(split, static_cast<std::int64_t>(i), score);
}

bool is_decided(const Scores& scores, std::size_t row, double threshold = 0.5) {
  return scores.decisions.empty() ? scores.probability[row] > threshold : scores.decisions[row] != 0;
}

std::vector<Tally> tally_levels(const Scores& scores, std::span<const std::int32_t> codes, std::size_t levels) {
  return sum_rows(
      codes.size(), std::vector<Tally>(levels),
      [&](std::vector<Tally>& tallies, std::size_t i) {
        if (codes[i] >= 0) tallies[codes[i]].add(scores.labels[i], weight_at(scores.weights, i), is_decided(scores, i));
      },
      [](std::vector<Tally>& tallies, const std::vector<Tally>& later) {
        for (std::size_t level = 0; level < tallies.size(); ++level) tallies[level].join(later[level]);
      });
}

Tally tally_everyone(const Scores& scores) {
  return sum_rows(
      scores.probability.size(), Tally(),
      [&](Tally& tally, std::size_t i) {
        tally.add(scores.labels[i], weight_at(scores.weights, i), is_decided(scores, i));
      },
      [](Tally& tally, const Tally& later) { tally.join(later); });
}

void sum_losses(const Scores& scores, ScoreStatistics& statistics) {
  struct Sums {
    double log_loss = 0, brier = 0, weight = 0;
  };
  const Sums sums = sum_rows(
      scores.probability.size(), Sums(),
      [&](Sums& sums, std::size_t i) {
        const double score = scores.probability[i], weight = weight_at(scores.weights, i);
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
  statistics.log_loss = sums.log_loss;
  statistics.brier = sums.brier;
  statistics.loss_weight = sums.weight;
}

std::vector<double> histogram_of(const kernels::ScoreRows& rows, std::int64_t bins) {
  constexpr std::size_t kQuantities = 4;
  std::vector<double> histogram(static_cast<std::size_t>(bins) * kQuantities);
  kernels::score_histogram_cpu(rows, {bins, 0.0, static_cast<double>(bins), histogram.data()});
  return histogram;
}

std::vector<double> weigh_above(const Scores& scores, std::size_t cells, std::span<const double> thresholds) {
  kernels::ScoreRows rows = score_rows(scores.probability, scores.labels, scores.weights);
  if (cells > 0) rows = by_group(rows, scores.cells, cells);
  std::vector<double> above((cells + 1) * 2 * (thresholds.size() + 1));
  kernels::score_above_cpu(rows, {thresholds.data(), static_cast<std::int64_t>(thresholds.size()), above.data()});
  return above;
}

}  // namespace

StatisticsRequest usual_request(const constraints::ConstraintTable& table, const EvaluationParams& params) {
  return {table.cells.count(), params.calibration_bins, common_thresholds(), needs_losses(table),
          table.cells.score_bins};
}

bool needs_losses(const constraints::ConstraintTable& table) {
  return std::ranges::any_of(table.rates, [](const constraints::Rate& rate) {
    return constraints::rate_entry(rate.kind).family == constraints::RateFamily::mean;
  });
}

void refuse_score(const std::string& split, std::int64_t row, double score) {
  throw core::UserError(core::Fault::numerical, "the model's score of row " + std::to_string(row) + " of the " + split +
                                                    " rows is " + std::to_string(score) + ", not a probability");
}

namespace {

void join_sums(std::vector<double>& sums, const std::vector<double>& later) {
  if (sums.size() < later.size()) sums.resize(later.size());
  for (std::size_t i = 0; i < later.size(); ++i) sums[i] += later[i];
}

double loss_of(const Scores& scores, std::size_t row) {
  const double score = scores.probability[row];
  return log_loss_of(scores.labels[row] ? score : 1 - score);
}

}  // namespace

double log_loss_of(double probability) {
  return -std::log(std::max(probability, kSurest));
}

CellTotals no_totals(std::int32_t cells, bool is_weighted, bool with_spread) {
  const auto count = static_cast<std::size_t>(cells);
  CellTotals totals;
  totals.sums.assign(count * constraints::kColumns, 0.0);
  totals.rows.assign(count, 0);
  totals.selected_rows.assign(count, 0);
  if (is_weighted) totals.squares.all = totals.squares.selected = std::vector<double>(count, 0.0);
  if (with_spread) totals.squares.loss = totals.squares.loss_square = std::vector<double>(count, 0.0);
  return totals;
}

void add_loss(CellTotals& totals, std::int32_t cell, double weight, double loss) {
  totals.sums[static_cast<std::size_t>(cell) * constraints::kColumns + constraints::kLoss] += weight * loss;
  totals.squares.loss[cell] += weight * weight * loss;
  totals.squares.loss_square[cell] += weight * loss * weight * loss;
}

void join(CellTotals& totals, const CellTotals& more) {
  join_sums(totals.sums, more.sums);
  join_sums(totals.squares.all, more.squares.all);
  join_sums(totals.squares.selected, more.squares.selected);
  join_sums(totals.squares.loss, more.squares.loss);
  join_sums(totals.squares.loss_square, more.squares.loss_square);
  for (std::size_t i = 0; i < totals.rows.size(); ++i) {
    totals.rows[i] += more.rows[i];
    totals.selected_rows[i] += more.selected_rows[i];
  }
}

CellTotals total_cells(const Scores& scores, std::int32_t cells, double threshold, bool with_losses) {
  const CellTotals zero = no_totals(cells, !scores.weights.empty(), with_losses);
  const auto add = [&](CellTotals& totals, std::size_t i) {
    const std::int32_t cell = scores.cells[i];
    if (cell == data::kUnknownLevel) return;
    const double weight = weight_at(scores.weights, i);
    double* sums = &totals.sums[static_cast<std::size_t>(cell) * constraints::kColumns];
    sums[constraints::kWeight] += weight;
    const bool is_selected = is_decided(scores, i, threshold);
    const double selected = is_selected ? weight : 0.0;  // as likely as not: no branch
    sums[constraints::kHard] += selected;
    totals.selected_rows[cell] += is_selected;
    if (with_losses) add_loss(totals, cell, weight, loss_of(scores, i));
    if (!scores.weights.empty()) {
      totals.squares.all[cell] += weight * weight;
      totals.squares.selected[cell] += selected * selected;
    }
    ++totals.rows[cell];
  };
  return sum_rows(scores.cells.size(), zero, add,
                  [](CellTotals& totals, const CellTotals& later) { join(totals, later); });
}

namespace {

// Each row in the cell of its score's bin: its score among the selected, its score minus its label among the losses.
CellTotals total_bins(const Scores& scores, std::int32_t cells, std::int32_t bins) {
  const CellTotals zero = no_totals(cells, !scores.weights.empty(), true);
  return sum_rows(
      scores.cells.size(), zero,
      [&](CellTotals& totals, std::size_t i) {
        if (scores.cells[i] == data::kUnknownLevel) return;
        const double score = scores.probability[i], weight = weight_at(scores.weights, i),
                     missed = score - scores.labels[i];
        const std::int32_t bin = std::min(static_cast<std::int32_t>(score * bins), bins - 1);
        const std::int32_t cell = scores.cells[i] + 2 * (bin + 1);
        totals.sums[static_cast<std::size_t>(cell) * constraints::kColumns + constraints::kWeight] += weight;
        totals.sums[static_cast<std::size_t>(cell) * constraints::kColumns + constraints::kHard] += weight * score;
        totals.squares.loss[cell] += weight * weight * missed;
        totals.squares.loss_square[cell] += weight * missed * weight * missed;
        ++totals.rows[cell];
        if (!scores.weights.empty()) totals.squares.all[cell] += weight * weight;
      },
      [](CellTotals& totals, const CellTotals& later) { join(totals, later); });
}

}  // namespace

ScoreStatistics host_statistics(const std::string& split, const Scores& scores, const StatisticsRequest& request) {
  check(split, scores);
  ScoreStatistics statistics;
  const RankedRows ranked(scores.probability, scores.labels, scores.weights);
  statistics.everyone = tally_everyone(scores);
  statistics.area = ranked.area();
  for (const Scores::GroupCodes& grouping : scores.groupings) {
    const std::size_t levels = grouping.levels.size();
    statistics.groupings.push_back({grouping.name, grouping.levels, tally_levels(scores, grouping.codes, levels),
                                    ranked.areas(grouping.codes, levels)});
  }
  sum_losses(scores, statistics);
  statistics.histogram =
      histogram_of(score_rows(scores.probability, scores.labels, scores.weights), request.calibration_bins);
  statistics.cells = total_cells(scores, request.cells, 0.5, request.with_losses);
  if (request.score_bins > 0) join(statistics.cells, total_bins(scores, request.cells, request.score_bins));
  statistics.thresholds = request.thresholds;
  statistics.above = weigh_above(scores, static_cast<std::size_t>(request.cells), request.thresholds);
  return statistics;
}

}  // namespace equipoise::evaluation
