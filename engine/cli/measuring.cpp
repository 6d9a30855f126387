#include "engine/cli/measuring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/core/seed.h"
#include "engine/models/model_file.h"
#include "engine/models/no_autograd.h"
#include "engine/training/scoring.h"

namespace equipoise::cli {
namespace {

// Of each row as many values as there are for one.
template <typename T>
std::vector<T> picked(const std::vector<T>& values, const std::vector<std::int64_t>& rows, std::size_t of_a_row = 1) {
  std::vector<T> result;
  if (values.empty()) return result;
  result.reserve(rows.size() * of_a_row);
  for (const std::int64_t row : rows) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * of_a_row);
    result.insert(result.end(), first, first + static_cast<std::ptrdiff_t>(of_a_row));
  }
  return result;
}

std::vector<std::int32_t> known_groups(const data::Dataset& dataset, const models::CellRule& rule) {
  return rule.uses_groups() ? models::groups_of(rule, dataset) : std::vector<std::int32_t>();
}

}  // namespace

evaluation::NumberLoss number_loss_of(const training::TrainingParams& params) {
  if (params.loss == "huber") return {evaluation::huber_loss, params.huber_delta};
  if (params.loss == "quantile") return {evaluation::quantile_loss, params.quantile};
  return {evaluation::squared_loss, 0};
}

std::vector<double> score_rows(const data::Dataset& dataset, models::Learner& learner, const models::Mixture& mixture,
                               const at::Device& device, const models::CellRule& rule) {
  const models::NoAutograd no_autograd;
  models::OutputMeaning meaning = models::meaning_of(dataset);
  meaning.rule = rule;
  return training::scores(models::to_tensors(dataset.encoded, device), learner, meaning, mixture,
                          known_groups(dataset, rule));
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

MeasuredRows::MeasuredRows(const data::Dataset& dataset, const std::vector<std::int32_t>& cells,
                           models::Learner& learner, const models::Mixture& mixture, const at::Device& device,
                           const models::CellRule& rule)
    : dataset_(dataset), cells_(cells) {
  const bool has_outcomes = cells.size() != static_cast<std::size_t>(dataset.rows());
  if (device.is_cpu() || has_outcomes) {
    scores_ = score_rows(dataset, learner, mixture, device, rule);
    return;
  }
  const models::NoAutograd no_autograd;
  models::OutputMeaning meaning;
  meaning.rule = rule;
  device_scores_ = training::device_scores(dataset, cells,
                                           training::device_scores(models::to_tensors(dataset.encoded, device), learner,
                                                                   meaning, mixture, known_groups(dataset, rule)));
}

std::int64_t MeasuredRows::not_finite() const {
  if (device_scores_) return device_scores_->probability.isfinite().logical_not().sum().item<std::int64_t>();
  return std::count_if(scores_.begin(), scores_.end(), [](double value) { return !std::isfinite(value); });
}

evaluation::ScoreStatistics MeasuredRows::statistics_of(const std::string& name, const std::vector<std::int64_t>& rows,
                                                        const evaluation::StatisticsRequest& request) const {
  if (device_scores_) return training::device_statistics(name, training::picked(*device_scores_, rows), request);
  const std::vector<double> probabilities = picked(scores_, rows);
  const std::vector<std::uint8_t> labels = picked(dataset_.labels, rows);
  const std::vector<float> weights = picked(dataset_.weights, rows);
  // Of several outcomes, which scores cut into bins have, a row's first has all that is said of it without them.
  const std::size_t outcomes = cells_.size() / static_cast<std::size_t>(dataset_.rows());
  std::vector<std::int32_t> cells;
  for (const std::int64_t row : rows) cells.push_back(cells_[static_cast<std::size_t>(row) * outcomes]);
  return evaluation::host_statistics(name, {probabilities, labels, weights, cells, groups_of(rows)}, request);
}

std::vector<evaluation::Scores::GroupCodes> MeasuredRows::groups_of(const std::vector<std::int64_t>& rows) const {
  std::vector<evaluation::Scores::GroupCodes> groups;
  for (const data::Grouping& grouping : dataset_.groupings)
    groups.push_back({grouping.name, grouping.levels, picked(grouping.codes, rows)});
  return groups;
}

namespace {

std::uint64_t evaluation_seed(const training::RunConfig& config) {
  return core::seed_for(static_cast<std::uint64_t>(config.seed), "evaluation");
}

}  // namespace

evaluation::SplitResult MeasuredRows::measure_outcomes(const std::string& name, const std::vector<std::int64_t>& rows,
                                                       const constraints::ConstraintTable& table,
                                                       const training::RunConfig& config) const {
  const data::Task task = dataset_.task;
  const std::size_t outputs = task == data::Task::regression ? 1 : dataset_.outcomes.size();
  const std::vector<double> own = picked(scores_, rows, outputs);
  const std::vector<std::uint8_t> labels = picked(dataset_.labels, rows, task == data::Task::labels ? outputs : 1);
  const std::vector<float> targets = picked(dataset_.targets, rows), weights = picked(dataset_.weights, rows);
  const std::vector<std::int32_t> cells = picked(cells_, rows, static_cast<std::size_t>(table.cells.outcomes()));
  evaluation::TaskScores scores{own, labels, targets, weights, cells, groups_of(rows)};
  const evaluation::NumberLoss loss = number_loss_of(config.training);
  scores.loss = loss.of_error;
  scores.loss_parameter = loss.parameter;
  scores.target_deviation = dataset_.target_deviation;
  return evaluation::evaluate(name, scores, table, config.constraints, config.multipliers.min_rows, config.evaluation,
                              evaluation_seed(config));
}

evaluation::SplitResult MeasuredRows::measure(const std::string& name, const std::vector<std::int64_t>& rows,
                                              const constraints::ConstraintTable& table,
                                              const training::RunConfig& config) const {
  if (dataset_.task != data::Task::binary) return measure_outcomes(name, rows, table, config);
  const evaluation::ScoreStatistics statistics =
      statistics_of(name, rows, evaluation::usual_request(table, config.evaluation));
  return evaluation::evaluate(name, statistics, table, config.constraints, config.multipliers.min_rows,
                              config.evaluation, evaluation_seed(config));
}

evaluation::ComparedRows MeasuredRows::compared(const std::vector<std::int64_t>& rows,
                                                const training::TrainingParams& training) const {
  const data::Task task = dataset_.task;
  const std::size_t outputs =
      task == data::Task::binary || task == data::Task::regression ? 1 : dataset_.outcomes.size();
  evaluation::ComparedRows compared;
  compared.task = task;
  if (device_scores_) {
    const at::Tensor scores = device_scores_->probability.to(at::kCPU, at::kDouble).contiguous();
    const double* first = scores.const_data_ptr<double>();
    compared.scores = picked(std::vector<double>(first, first + scores.numel()), rows);
  } else {
    compared.scores = picked(scores_, rows, outputs);
  }
  compared.labels = picked(dataset_.labels, rows, task == data::Task::labels ? outputs : 1);
  compared.targets = picked(dataset_.targets, rows);
  compared.weights = picked(dataset_.weights, rows);
  compared.cells = picked(cells_, rows, cells_.size() / static_cast<std::size_t>(dataset_.rows()));
  compared.groupings = groups_of(rows);
  for (const std::int64_t row : rows) compared.parts.push_back(evaluation::part_of(row));
  const evaluation::NumberLoss loss = number_loss_of(training);
  compared.loss = loss.of_error;
  compared.loss_parameter = loss.parameter;
  compared.target_deviation = dataset_.target_deviation;
  return compared;
}

std::vector<std::string> words_between_commas(const std::string& list) {
  std::vector<std::string> words(1);
  for (const char letter : list) {
    if (letter == ',') {
      words.emplace_back();
    } else if (letter != ' ' || !words.back().empty()) {
      words.back() += letter;
    }
  }
  for (std::string& word : words) word.erase(word.find_last_not_of(' ') + 1);
  return words;
}

data::Split split_from(const std::string& name) {
  const std::vector<std::string> known(std::begin(data::kSplitNames), std::end(data::kSplitNames));
  const auto found = std::find(known.begin(), known.end(), name);
  if (found == known.end()) {
    throw core::UserError(core::Fault::config, fmt::format("--split is '{}'{}; expected one of {}", name,
                                                           core::did_you_mean(name, known), core::listed(known)));
  }
  return static_cast<data::Split>(found - known.begin());
}

std::vector<evaluation::Verdict> verdicts_from(const std::vector<std::string>& lists) {
  using evaluation::Verdict;
  const std::vector<Verdict> allowed = {Verdict::violated, Verdict::not_shown, Verdict::not_estimable};
  std::vector<std::string> known;
  for (const Verdict verdict : allowed) known.emplace_back(evaluation::name_of(verdict));
  std::vector<Verdict> verdicts;
  for (const std::string& list : lists) {
    for (const std::string& word : words_between_commas(list)) {
      const auto found = std::find(known.begin(), known.end(), word);
      if (found == known.end()) {
        throw core::UserError(core::Fault::config, fmt::format("--fail-on names '{}'{}; expected some of {}", word,
                                                               core::did_you_mean(word, known), core::listed(known)));
      }
      verdicts.push_back(allowed[static_cast<std::size_t>(found - known.begin())]);
    }
  }
  return verdicts;
}

void check_test_rows(const std::vector<evaluation::Verdict>& failing, const data::Dataset& dataset) {
  if (failing.empty() || !dataset.rows_of(data::Split::test).empty()) return;
  throw core::UserError(core::Fault::config, "--fail-on needs test rows: data.split leaves none (data.split.test)");
}

std::vector<std::string> failed_constraints(const evaluation::SplitResult& result,
                                            const std::vector<evaluation::Verdict>& verdicts) {
  std::vector<std::string> titles;
  for (const evaluation::ConstraintResult& constraint : result.constraints) {
    if (std::find(verdicts.begin(), verdicts.end(), constraint.verdict) != verdicts.end()) {
      titles.push_back(fmt::format("{}: {}", constraint.title, evaluation::name_of(constraint.verdict)));
    }
  }
  return titles;
}

}  // namespace equipoise::cli
