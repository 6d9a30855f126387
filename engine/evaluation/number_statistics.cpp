#include "engine/evaluation/number_statistics.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "engine/core/error.h"
#include "engine/evaluation/strips.h"

namespace equipoise::evaluation {
namespace {

using constraints::ConstraintTable;

// Sums over the rows of one group.
struct Errors {
  std::int64_t rows = 0;
  double weight = 0, target = 0, prediction = 0, square = 0, absolute = 0, loss = 0, target_square = 0;

  void add(double row_weight, double target_of_row, double prediction_of_row, double loss_of_row) {
    const double residual = prediction_of_row - target_of_row;
    ++rows;
    weight += row_weight;
    target += row_weight * target_of_row;
    prediction += row_weight * prediction_of_row;
    square += row_weight * residual * residual;
    absolute += row_weight * std::abs(residual);
    loss += row_weight * loss_of_row;
    target_square += row_weight * target_of_row * target_of_row;
  }

  void join(const Errors& later) {
    rows += later.rows;
    weight += later.weight;
    target += later.target;
    prediction += later.prediction;
    square += later.square;
    absolute += later.absolute;
    loss += later.loss;
    target_square += later.target_square;
  }
};

double loss_of(const TaskScores& scores, std::size_t row) {
  return scores.loss((scores.scores[row] - scores.targets[row]) / scores.target_deviation, scores.loss_parameter);
}

std::vector<Errors> sum_levels(const TaskScores& scores, std::span<const std::int32_t> codes, std::size_t levels) {
  return sum_rows(
      codes.size(), std::vector<Errors>(levels),
      [&](std::vector<Errors>& sums, std::size_t i) {
        if (codes[i] >= 0)
          sums[codes[i]].add(weight_at(scores.weights, i), scores.targets[i], scores.scores[i], loss_of(scores, i));
      },
      [](std::vector<Errors>& sums, const std::vector<Errors>& later) {
        for (std::size_t level = 0; level < sums.size(); ++level) sums[level].join(later[level]);
      });
}

GroupErrors group_of(const Errors& sums, const std::string& grouping, const std::string& level) {
  GroupErrors group;
  group.grouping = grouping;
  group.level = level;
  group.rows = sums.rows;
  group.weight = sums.weight;
  if (!(sums.weight > 0)) return group;
  group.mean_target = sums.target / sums.weight;
  group.mean_prediction = sums.prediction / sums.weight;
  group.mean_residual = (sums.prediction - sums.target) / sums.weight;
  group.root_mean_square_error = std::sqrt(sums.square / sums.weight);
  group.mean_absolute_error = sums.absolute / sums.weight;
  return group;
}

RegressionMetrics metrics_of(const TaskScores& scores) {
  RegressionMetrics metrics;
  const std::vector<std::int32_t> everyone(scores.targets.size(), 0);
  const Errors all = sum_levels(scores, everyone, 1).front();
  metrics.groups.push_back(group_of(all, "", ""));
  if (all.weight > 0) {
    metrics.loss = all.loss / all.weight;
    const double mean = all.target / all.weight, variance = all.target_square / all.weight - mean * mean;
    if (variance > 0) metrics.explained_share = 1 - all.square / all.weight / variance;
  }
  for (const Scores::GroupCodes& grouping : scores.groupings) {
    const std::vector<Errors> levels = sum_levels(scores, grouping.codes, grouping.levels.size());
    for (std::size_t level = 0; level < levels.size(); ++level)
      metrics.groups.push_back(group_of(levels[level], grouping.name, grouping.levels[level]));
  }
  return metrics;
}

// A figure of a row, by the order of the table's outcomes.
double figure_of(const TaskScores& scores, std::size_t row, std::size_t figure, const std::vector<double>& thresholds) {
  const double prediction = scores.scores[row], residual = prediction - scores.targets[row];
  switch (figure) {
    case 0:
      return prediction;
    case 1:
      return residual;
    case 2:
      return residual * residual;
    case data::kLossFigure:
      return loss_of(scores, row);
    default:
      return prediction > thresholds[figure - data::regression_figures().size()] ? 1 : 0;
  }
}

CellTotals totals_of(const TaskScores& scores, const ConstraintTable& table) {
  const auto outcomes = static_cast<std::size_t>(table.cells.outcomes());
  const std::size_t first_share = data::regression_figures().size();
  return sum_rows(
      scores.targets.size(), no_totals(table.cells.count(), !scores.weights.empty(), true),
      [&](CellTotals& totals, std::size_t i) {
        const double weight = weight_at(scores.weights, i);
        for (std::size_t m = 0; m < outcomes; ++m) {
          const std::int32_t cell = scores.cells[i * outcomes + m];
          if (cell == data::kUnknownLevel) continue;
          double* sums = &totals.sums[static_cast<std::size_t>(cell) * constraints::kColumns];
          const double figure = figure_of(scores, i, m, table.cells.thresholds), weighted = weight * figure;
          const bool is_above = m >= first_share && figure > 0;
          sums[constraints::kWeight] += weight;
          sums[m == data::kLossFigure ? constraints::kLoss : constraints::kHard] += weighted;
          totals.squares.loss[cell] += weight * weighted;
          totals.squares.loss_square[cell] += weighted * weighted;
          ++totals.rows[cell];
          totals.selected_rows[cell] += is_above;
          if (scores.weights.empty()) continue;
          totals.squares.all[cell] += weight * weight;
          if (is_above) totals.squares.selected[cell] += weight * weight;
        }
      },
      [](CellTotals& totals, const CellTotals& later) { join(totals, later); });
}

}  // namespace

double squared_loss(double error, double) {
  return error * error;
}

double huber_loss(double error, double delta) {
  const double size = std::abs(error);
  return size <= delta ? error * error / 2 : delta * (size - delta / 2);
}

double quantile_loss(double error, double q) {
  return std::max(-q * error, (1 - q) * error);
}

NumberStatistics measure_numbers(const std::string& split, const TaskScores& scores, const ConstraintTable& table) {
  for (std::size_t i = 0; i < scores.scores.size(); ++i)
    if (!std::isfinite(scores.scores[i]))
      throw core::UserError(core::Fault::numerical, "the model's prediction of row " + std::to_string(i) + " of the " +
                                                        split + " rows is " + std::to_string(scores.scores[i]) +
                                                        ", not a finite number");
  if (scores.scores.size() != scores.targets.size() || scores.loss == nullptr)
    throw std::logic_error("evaluate: a regression needs one prediction per target, and a loss");
  return {totals_of(scores, table), metrics_of(scores)};
}

}  // namespace equipoise::evaluation
