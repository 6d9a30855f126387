// What is said of a split where rows have several outcomes: each as if it were the only one, and what they say together.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "engine/evaluation/joint.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/metrics.h"
#include "engine/evaluation/number_statistics.h"
#include "engine/evaluation/promises.h"
#include "engine/evaluation/split_totals.h"

namespace equipoise::evaluation {
namespace {

using constraints::ConstraintTable;
using data::Task;

// The rows as one outcome has them.
struct OneOutcome {
  std::vector<double> probability;
  std::vector<std::uint8_t> labels, decisions;
  std::vector<std::int32_t> cells;

  Scores scores(const TaskScores& all) const {
    return {probability, labels, all.weights, cells, all.groupings, decisions};
  }
};

// Of one of the classes or labels; `decided`: of classes the one that each row is decided to be of; `bins`: whose cells come after
// each of theirs.
OneOutcome outcome_of(const TaskScores& scores, const std::vector<std::size_t>& decided, std::size_t outcome,
                      std::size_t outcomes, std::size_t bins) {
  OneOutcome one;
  const std::size_t rows = scores.scores.size() / outcomes;
  for (std::size_t i = 0; i < rows; ++i) {
    one.probability.push_back(scores.scores[i * outcomes + outcome]);
    one.cells.push_back(scores.cells[(i * outcomes + outcome) * (1 + bins)]);
    one.labels.push_back(decided.empty() ? scores.labels[i * outcomes + outcome] : scores.labels[i] == outcome);
    if (!decided.empty()) one.decisions.push_back(decided[i] == outcome);
  }
  return one;
}

// Groups as they are measured, of which only the share of right decisions says something.
GroupMetrics accuracy_alone(const GroupMetrics& whole) {
  GroupMetrics group;
  group.grouping = whole.grouping;
  group.level = whole.level;
  group.rows = whole.rows;
  group.weight = whole.weight;
  group.accuracy = whole.accuracy;
  return group;
}

// Of several classes a row is right where its class is the most probable one.
Metrics metrics_of_classes(const std::string& split, const TaskScores& scores, const std::vector<std::size_t>& decided,
                           std::size_t classes, const EvaluationParams& params) {
  const std::size_t rows = scores.labels.size();
  const std::vector<std::uint8_t> all(rows, 1);
  OneOutcome right{std::vector<double>(rows, 0.5), all, {}, std::vector<std::int32_t>(rows, data::kUnknownLevel)};
  double loss = 0, brier = 0, weight = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const double* of_row = &scores.scores[i * classes];
    const double of_weight = weight_at(scores.weights, i);
    right.decisions.push_back(decided[i] == scores.labels[i]);
    weight += of_weight;
    loss += of_weight * log_loss_of(of_row[scores.labels[i]]);
    for (std::size_t k = 0; k < classes; ++k) {
      const double distance = of_row[k] - (k == scores.labels[i] ? 1 : 0);
      brier += of_weight * distance * distance;
    }
  }
  const Metrics as_one = measure(host_statistics(split, right.scores(scores), {0, 1, {}, false}), params);
  Metrics metrics;
  metrics.rows = as_one.rows;
  metrics.accuracy = as_one.accuracy;
  metrics.accuracy_interval = as_one.accuracy_interval;
  metrics.log_loss = weight > 0 ? loss / weight : 0;
  metrics.brier = weight > 0 ? brier / weight : 0;
  for (const GroupMetrics& group : as_one.groups) metrics.groups.push_back(accuracy_alone(group));
  return metrics;
}

// Of several labels the means over them.
Metrics metrics_of_labels(const std::vector<OutcomeMetrics>& outcomes) {
  Metrics mean;
  const auto count = static_cast<double>(outcomes.size());
  const Metrics& first = outcomes.front().metrics;
  mean.rows = first.rows;
  for (const GroupMetrics& group : first.groups) mean.groups.push_back(accuracy_alone(group));
  for (GroupMetrics& group : mean.groups)
    if (group.accuracy) group.accuracy = 0;
  for (const OutcomeMetrics& outcome : outcomes) {
    mean.accuracy += outcome.metrics.accuracy / count;
    mean.log_loss += outcome.metrics.log_loss / count;
    mean.brier += outcome.metrics.brier / count;
    for (std::size_t g = 0; g < mean.groups.size(); ++g)
      if (mean.groups[g].accuracy) *mean.groups[g].accuracy += outcome.metrics.groups[g].accuracy.value_or(0) / count;
  }
  return mean;
}

// The loss of a row is in the cell of its class.
void add_class_losses(const TaskScores& scores, std::size_t classes, std::size_t bins, CellTotals& totals) {
  for (std::size_t i = 0; i < scores.labels.size(); ++i) {
    const std::size_t place = i * classes + scores.labels[i];
    const std::int32_t cell = scores.cells[place * (1 + bins)];
    if (cell == data::kUnknownLevel) continue;
    add_loss(totals, cell, weight_at(scores.weights, i), log_loss_of(scores.scores[place]));
  }
}

CellTotals measure_outcomes(const std::string& split, const TaskScores& scores, const ConstraintTable& table,
                            const EvaluationParams& params, SplitResult& result) {
  const std::vector<std::string> names = table.cells.answer_names();
  const auto bins = static_cast<std::size_t>(table.cells.score_bins);
  const Task task = table.cells.task;
  const bool with_losses = needs_losses(table);
  std::vector<std::size_t> decided;
  for (std::size_t i = 0; task == Task::classes && i < scores.labels.size(); ++i)
    decided.push_back(most_probable(scores.scores.subspan(i * names.size(), names.size())));
  CellTotals totals = no_totals(table.cells.count(), !scores.weights.empty(), with_losses);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const OneOutcome one = outcome_of(scores, decided, k, names.size(), bins);
    const ScoreStatistics statistics = host_statistics(split, one.scores(scores),
                                                       {table.cells.count(),
                                                        params.calibration_bins,
                                                        {},
                                                        with_losses && task == Task::labels,
                                                        table.cells.score_bins});
    result.outcomes.push_back({names[k], measure(statistics, params)});
    join(totals, statistics.cells);
  }
  if (with_losses && task == Task::classes) add_class_losses(scores, names.size(), bins, totals);
  result.metrics = task == Task::classes ? metrics_of_classes(split, scores, decided, names.size(), params)
                                         : metrics_of_labels(result.outcomes);
  // The mean over classes or labels, as of a comparison.
  for (const OutcomeMetrics& outcome : result.outcomes)
    result.metrics.calibration_error += outcome.metrics.calibration_error / static_cast<double>(result.outcomes.size());
  return totals;
}

}  // namespace

std::size_t most_probable(std::span<const double> scores_of_row) {
  return static_cast<std::size_t>(std::ranges::max_element(scores_of_row) - scores_of_row.begin());
}

SplitTotals total_split(const std::string& split, const TaskScores& scores, const ConstraintTable& table,
                        const EvaluationParams& params) {
  const Task task = table.cells.task;
  const std::size_t rows = task == Task::regression
                               ? scores.targets.size()
                               : scores.scores.size() / static_cast<std::size_t>(table.cells.answers());
  if (task == Task::binary || scores.cells.size() != rows * static_cast<std::size_t>(table.cells.outcomes()))
    throw std::logic_error("evaluate: cells need one entry per row and outcome");
  SplitTotals totals;
  totals.result.split = split;
  totals.result.task = data::name_of(task);
  if (task == Task::regression) {
    NumberStatistics numbers = measure_numbers(split, scores, table);
    totals.result.metrics.rows = static_cast<std::int64_t>(rows);
    totals.result.metrics.accuracy = std::nan("");
    totals.result.regression = std::move(numbers.metrics);
    totals.cells = std::move(numbers.cells);
  } else {
    totals.cells = measure_outcomes(split, scores, table, params, totals.result);
  }
  return totals;
}

SplitResult evaluate(const std::string& split, const TaskScores& scores, const ConstraintTable& table,
                     const std::vector<constraints::ConstraintParams>& constraints, std::int64_t min_rows,
                     const EvaluationParams& params, std::uint64_t seed) {
  auto [result, totals] = total_split(split, scores, table, params);
  result.constraints = judge(split, totals, table, constraints, min_rows, params, seed);
  if (result.split != "train") result.joint = joint_result(result.constraints, params);
  return std::move(result);
}

}  // namespace equipoise::evaluation
