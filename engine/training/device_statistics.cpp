#include "engine/training/device_statistics.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "kernels/score_curves/score_curves.h"

namespace equipoise::training {

using constraints::kColumns;
using evaluation::ScoreStatistics;
using evaluation::Tally;

namespace {

// Losses of so many rows are in memory at once.
constexpr std::int64_t kRowsAtOnce = 1 << 20;

// The memory of `values` on the CPU, a copy of them elsewhere.
template <typename Scalar>
at::Tensor moved(const std::vector<Scalar>& values, at::ScalarType type, const at::Device& device) {
  return at::from_blob(const_cast<Scalar*>(values.data()), {static_cast<std::int64_t>(values.size())}, type).to(device);
}

// By the groups of one column; by none where there is none: then everyone is the only line of any result.
kernels::ScoredRows by_group(const DeviceScores& scores, const std::optional<at::Tensor>& codes, std::size_t levels) {
  kernels::ScoredRows rows{scores.probability.unsqueeze(0), scores.labels, std::nullopt, 0, scores.weights};
  if (codes && levels > 0) {
    rows.groups = codes;
    rows.group_count = static_cast<std::int64_t>(levels);
  }
  return rows;
}

std::vector<double> on_host(const at::Tensor& table) {
  const at::Tensor host = table.cpu().contiguous();
  const double* values = host.const_data_ptr<double>();
  return {values, values + host.numel()};
}

// The lines of a result that has one a group and everyone's last: those of groups without rows of their own are `empty`.
template <typename Line>
std::vector<Line> spread(std::vector<Line> lines, std::size_t levels, const Line& empty) {
  lines.insert(lines.begin(), levels + 1 - lines.size(), empty);
  return lines;
}

// Rows and squares of weights. A histogram sums weights times scores: here the scores are the weights of one label.
void count_weighted(const kernels::ScoredRows& rows, std::vector<Tally>& tallies) {
  const at::Tensor positive = rows.weights->mul(rows.labels);
  kernels::ScoredRows squares = rows;
  const at::Tensor negative = rows.weights->sub(positive), selected = rows.scores.select(0, 0).gt(0.5);
  squares.scores = at::stack({negative, positive, negative.mul(selected), positive.mul(selected)});  // a weight or 0
  const std::vector<double> histogram = on_host(kernels::score_histogram(squares, 1, 0, 1));
  for (std::size_t line = 0; line < tallies.size(); ++line) {
    tallies[line].rows = static_cast<std::int64_t>(histogram[line * kernels::kScoreQuantities + kernels::kBinRows]);
    const auto sum = [&](std::size_t scores) {
      return histogram[(scores * tallies.size() + line) * kernels::kScoreQuantities + kernels::kBinScore];
    };
    for (std::size_t label = 0; label < 2; ++label) {
      tallies[line].square_weight[label] = sum(label);
      tallies[line].square_selected[label] = sum(2 + label);
    }
  }
}

// Rows that are selected, by line, whatever their weights.
void count_selected(kernels::ScoredRows rows, std::vector<Tally>& tallies) {
  rows.weights = std::nullopt;
  const std::vector<double> above = on_host(kernels::score_above(rows, at::full({1}, 0.5, at::kDouble)));
  for (std::size_t line = 0; line < tallies.size(); ++line)
    tallies[line].selected_rows = static_cast<std::int64_t>(above[line * 4 + 1] + above[line * 4 + 3]);
}

// [levels + 1], everyone last.
std::vector<Tally> tallies_of(const DeviceScores& scores, const std::optional<at::Tensor>& codes, std::size_t levels) {
  const kernels::ScoredRows rows = by_group(scores, codes, levels);
  const std::vector<double> above = on_host(kernels::score_above(rows, at::full({1}, 0.5, at::kDouble)));
  std::vector<Tally> tallies(static_cast<std::size_t>(rows.group_count) + 1);
  for (std::size_t line = 0; line < tallies.size(); ++line) {
    Tally& tally = tallies[line];
    for (std::size_t label = 0; label < 2; ++label) {
      tally.weight[label] = tally.square_weight[label] = above[(line * 2 + label) * 2];
      tally.selected[label] = tally.square_selected[label] = above[(line * 2 + label) * 2 + 1];
    }
    tally.rows = static_cast<std::int64_t>(tally.weight[0] + tally.weight[1]);
    tally.selected_rows = static_cast<std::int64_t>(tally.selected[0] + tally.selected[1]);
  }
  if (rows.weights) count_weighted(rows, tallies);
  if (rows.weights) count_selected(rows, tallies);
  return spread(std::move(tallies), levels, Tally());
}

// [levels + 1], everyone last.
std::vector<std::optional<double>> areas_of(const DeviceScores& scores, const std::optional<at::Tensor>& codes,
                                            std::size_t levels) {
  std::vector<std::optional<double>> areas;
  for (const double area : on_host(kernels::score_areas(by_group(scores, codes, levels))))
    areas.push_back(std::isnan(area) ? std::nullopt : std::optional(area));
  return spread(std::move(areas), levels, std::optional<double>());
}

evaluation::CellTotals totals_of(const std::vector<Tally>& cells, bool weighted) {
  evaluation::CellTotals totals;
  totals.sums.assign(cells.size() * kColumns, 0.0);
  for (std::size_t c = 0; c < cells.size(); ++c) {
    totals.sums[c * kColumns + constraints::kWeight] = cells[c].weight[0] + cells[c].weight[1];
    totals.sums[c * kColumns + constraints::kHard] = cells[c].selected[0] + cells[c].selected[1];
    totals.rows.push_back(cells[c].rows);
    totals.selected_rows.push_back(cells[c].selected_rows);
    if (!weighted) continue;
    totals.squares.all.push_back(cells[c].square_weight[0] + cells[c].square_weight[1]);
    totals.squares.selected.push_back(cells[c].square_selected[0] + cells[c].square_selected[1]);
  }
  return totals;
}

// Log losses and Brier scores [2], in fixed blocks; a sum along rows is cut neither by threads nor by atomics.
std::vector<double> loss_sums(const DeviceScores& scores) {
  at::Tensor total = at::zeros({2}, scores.probability.options());
  const std::int64_t rows = scores.probability.size(0);
  for (std::int64_t first = 0; first < rows; first += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, rows - first);
    const at::Tensor score = scores.probability.narrow(0, first, count);
    const at::Tensor of_label = at::where(scores.labels.narrow(0, first, count).ne(0), score, 1 - score);
    at::Tensor terms = at::stack({of_label.clamp_min(evaluation::kSurest).log_().neg_(), (1 - of_label).square_()});
    if (scores.weights) terms.mul_(scores.weights->narrow(0, first, count));
    total.add_(terms.sum(1));
  }
  return on_host(total);
}

// Losses of the cells, in f64: a histogram of one bin sums weights times scores, and here losses are the scores.
void add_losses(const DeviceScores& scores, std::size_t cells, evaluation::CellTotals& totals) {
  const at::Tensor of_label = at::where(scores.labels.ne(0), scores.probability, 1 - scores.probability);
  const at::Tensor losses = of_label.clamp_min(evaluation::kSurest).log_().neg_();
  const auto sums_of = [&](const at::Tensor& values, const std::optional<at::Tensor>& weights) {
    kernels::ScoredRows rows = by_group(scores, scores.cells, cells);
    rows.scores = values.unsqueeze(0);
    rows.weights = weights;
    const double most = -std::log(evaluation::kSurest);  // of a loss
    return on_host(kernels::score_histogram(rows, 1, 0, most * most + 1));
  };
  std::optional<at::Tensor> squares;
  if (scores.weights) squares = scores.weights->square();
  const std::vector<double> plain = sums_of(losses, scores.weights), square = sums_of(losses, squares),
                            squared = sums_of(losses.square(), squares);
  for (std::size_t c = 0; c < cells; ++c) {
    const std::size_t place = c * kernels::kScoreQuantities + kernels::kBinScore;
    totals.sums[c * kColumns + constraints::kLoss] = plain[place];
    totals.squares.loss.push_back(square[place]);
    totals.squares.loss_square.push_back(squared[place]);
  }
}

void check(const std::string& split, const at::Tensor& probability) {
  const at::Tensor fits = probability.ge(0).logical_and_(probability.le(1));  // what is no number is neither
  if (fits.all().item<bool>()) return;
  const auto row = fits.logical_not().nonzero()[0][0].item<std::int64_t>();
  evaluation::refuse_score(split, row, probability[row].item<double>());
}

}  // namespace

DeviceScores device_scores(const data::Dataset& dataset, const std::vector<std::int32_t>& cells,
                           const at::Tensor& probability) {
  const at::Device device = probability.device();
  DeviceScores scores{
      probability, moved(dataset.labels, at::kByte, device), std::nullopt, moved(cells, at::kInt, device), {}};
  if (!dataset.weights.empty()) scores.weights = moved(dataset.weights, at::kFloat, device);
  for (const data::Grouping& grouping : dataset.groupings) {
    scores.groupings.push_back({grouping.name, grouping.levels, std::nullopt});
    if (!grouping.codes.empty()) scores.groupings.back().codes = moved(grouping.codes, at::kInt, device);
  }
  return scores;
}

DeviceScores picked(const DeviceScores& scores, const std::vector<std::int64_t>& rows) {
  if (static_cast<std::int64_t>(rows.size()) == scores.probability.size(0)) return scores;
  const at::Tensor index = moved(rows, at::kLong, scores.probability.device());
  const auto of_rows = [&](const at::Tensor& column) { return column.index_select(0, index); };
  DeviceScores own{of_rows(scores.probability), of_rows(scores.labels), std::nullopt, of_rows(scores.cells), {}};
  if (scores.weights) own.weights = of_rows(*scores.weights);
  for (const DeviceScores::GroupCodes& grouping : scores.groupings) {
    own.groupings.push_back({grouping.name, grouping.levels, std::nullopt});
    if (grouping.codes) own.groupings.back().codes = of_rows(*grouping.codes);
  }
  return own;
}

ScoreStatistics device_statistics(const std::string& split, const DeviceScores& scores,
                                  const evaluation::StatisticsRequest& request) {
  check(split, scores.probability);
  ScoreStatistics statistics;
  for (const DeviceScores::GroupCodes& grouping : scores.groupings) {
    const std::size_t levels = grouping.levels.size();
    ScoreStatistics::OfGrouping own{grouping.name, grouping.levels, tallies_of(scores, grouping.codes, levels),
                                    areas_of(scores, grouping.codes, levels)};
    own.tallies.pop_back();
    statistics.area = own.areas.back();
    own.areas.pop_back();
    statistics.groupings.push_back(std::move(own));
  }
  if (scores.groupings.empty()) statistics.area = areas_of(scores, std::nullopt, 0).back();

  const auto cells = static_cast<std::size_t>(request.cells);
  std::vector<Tally> of_cells = tallies_of(scores, scores.cells, cells);
  statistics.everyone = of_cells.back();
  of_cells.pop_back();
  statistics.cells = totals_of(of_cells, scores.weights.has_value());
  if (request.with_losses) add_losses(scores, cells, statistics.cells);

  const std::vector<double> losses = loss_sums(scores);
  statistics.log_loss = losses[0];
  statistics.brier = losses[1];
  statistics.loss_weight = statistics.everyone.weight[0] + statistics.everyone.weight[1];

  const kernels::ScoredRows everyone = by_group(scores, std::nullopt, 0);
  statistics.histogram = on_host(kernels::score_histogram(everyone, request.calibration_bins, 0, 1));
  statistics.thresholds = request.thresholds;
  const at::Tensor thresholds = at::tensor(request.thresholds, at::kDouble);
  statistics.above = on_host(kernels::score_above(by_group(scores, scores.cells, cells), thresholds));
  return statistics;
}

}  // namespace equipoise::training
