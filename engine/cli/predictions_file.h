#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/cli/columns_file.h"
#include "engine/data/task.h"

namespace equipoise::cli {

/// A score above this is a positive decision.
inline constexpr double kDecisionThreshold = 0.5;

/// What a model says of rows. Scores are probabilities, of the positive class, of each class, or of each label; of a
/// regression they are its predictions, in the target's own units.
struct Predictions {
  data::Task task = data::Task::binary;
  std::vector<std::string> outcomes;  ///< names of the classes or labels; else empty
  std::vector<double> scores;         ///< [rows * max(1, outcomes)], row by row

  std::size_t outcomes_of_row() const { return outcomes.empty() ? 1 : outcomes.size(); }
  std::size_t rows() const { return scores.size() / outcomes_of_row(); }
};

/// How many rows are decided so: positive (binary: one count), of each class, positive of each label; none of a regression.
std::vector<std::int64_t> decision_counts(const Predictions& predictions);

/// Column row (from 1, in the order of the files), those that are kept of the data, and then:
///
/// binary      score, decision (1 where the score is above 0.5)
/// classes     score_CLASS for each class, decision (the class with the largest score, of equal ones the first)
/// labels      score_LABEL for each label, decision_LABEL for each label
/// regression  prediction
///
/// CSV or Parquet by the extension, as write_columns has it.
void write_predictions(const std::filesystem::path& path, const Predictions& predictions,
                       std::vector<FileColumn> kept = {});

/// The columns that it writes of itself; their names hang on task and outcomes alone.
std::vector<std::string> written_names(const Predictions& predictions);

}  // namespace equipoise::cli
