#include "engine/cli/predictions_file.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>

#include "engine/evaluation/evaluation.h"

namespace equipoise::cli {
namespace {

constexpr const char* kRow = "row";

std::int8_t decision_of(double score) {
  return score > kDecisionThreshold ? 1 : 0;
}

std::size_t class_of(const Predictions& predictions, std::size_t row) {
  const std::size_t outcomes = predictions.outcomes_of_row();
  return evaluation::most_probable(std::span(predictions.scores).subspan(row * outcomes, outcomes));
}

// "score", or "score_a" and "score_b" of several outcomes.
std::vector<std::string> names_of(const std::string& what, const Predictions& predictions) {
  if (predictions.outcomes.empty()) return {what};
  std::vector<std::string> names;
  for (const std::string& outcome : predictions.outcomes) names.push_back(what + "_" + outcome);
  return names;
}

std::vector<std::string> score_names(const Predictions& predictions) {
  return names_of(predictions.task == data::Task::regression ? "prediction" : "score", predictions);
}

std::vector<std::string> decision_names(const Predictions& predictions) {
  if (predictions.task == data::Task::regression) return {};
  if (predictions.task == data::Task::classes) return {"decision"};
  return names_of("decision", predictions);
}

FileColumn decisions(const Predictions& predictions, const std::string& name, std::size_t outcome) {
  if (predictions.task == data::Task::classes) {
    Texts texts;
    for (std::size_t row = 0; row < predictions.rows(); ++row)
      texts.emplace_back(predictions.outcomes[class_of(predictions, row)]);
    return {name, std::move(texts)};
  }
  Flags flags;
  for (std::size_t row = 0; row < predictions.rows(); ++row)
    flags.push_back(decision_of(predictions.scores[row * predictions.outcomes_of_row() + outcome]));
  return {name, std::move(flags)};
}

std::vector<FileColumn> columns_of(const Predictions& predictions, std::vector<FileColumn> kept) {
  Integers rows;
  for (std::size_t row = 0; row < predictions.rows(); ++row) rows.push_back(static_cast<std::int64_t>(row) + 1);
  std::vector<FileColumn> columns = {{kRow, std::move(rows)}};
  std::ranges::move(kept, std::back_inserter(columns));
  const std::vector<std::string> scores = score_names(predictions), decided = decision_names(predictions);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    Numbers numbers;
    for (std::size_t row = 0; row < predictions.rows(); ++row)
      numbers.emplace_back(predictions.scores[row * scores.size() + i]);
    columns.push_back({scores[i], std::move(numbers)});
  }
  for (std::size_t i = 0; i < decided.size(); ++i) columns.push_back(decisions(predictions, decided[i], i));
  return columns;
}

}  // namespace

std::vector<std::int64_t> decision_counts(const Predictions& predictions) {
  if (predictions.task == data::Task::regression) return {};
  std::vector<std::int64_t> counts(predictions.outcomes_of_row());
  for (std::size_t row = 0; row < predictions.rows(); ++row) {
    if (predictions.task == data::Task::classes) {
      ++counts[class_of(predictions, row)];
      continue;
    }
    for (std::size_t i = 0; i < counts.size(); ++i)
      counts[i] += decision_of(predictions.scores[row * counts.size() + i]);
  }
  return counts;
}

void write_predictions(const std::filesystem::path& path, const Predictions& predictions,
                       std::vector<FileColumn> kept) {
  write_columns(path, columns_of(predictions, std::move(kept)));
}

std::vector<std::string> written_names(const Predictions& predictions) {
  std::vector<std::string> names = {kRow};
  std::ranges::move(score_names(predictions), std::back_inserter(names));
  std::ranges::move(decision_names(predictions), std::back_inserter(names));
  return names;
}

}  // namespace equipoise::cli
