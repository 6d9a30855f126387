#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace equipoise::cli {

/// A score above this is a positive decision.
inline constexpr double kDecisionThreshold = 0.5;

/// Throws UserError (config) when the extension is neither .csv nor .parquet.
void check_predictions_name(const std::filesystem::path& path);

/// Columns row (from 1, in the order of the files), score (probability of the positive class) and decision (1 where the
/// score is above 0.5). CSV or Parquet by the extension; written atomically.
void write_predictions(const std::filesystem::path& path, const std::vector<double>& scores);

}  // namespace equipoise::cli
