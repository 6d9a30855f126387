#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace equipoise::data {

/// What is told of a row: one of two values; one of several classes; of several labels each whether it holds; a number.
enum class Task : std::uint8_t { binary = 0, classes = 1, labels = 2, regression = 3 };
inline constexpr const char* kTaskNames[] = {"binary", "classes", "labels", "regression"};

inline const char* name_of(Task task) {
  return kTaskNames[static_cast<int>(task)];
}

inline std::optional<Task> task_from(const std::string& name) {
  for (int task = 0; task < 4; ++task)
    if (name == kTaskNames[task]) return static_cast<Task>(task);
  return std::nullopt;
}

/// By what the cells of a row's several outcomes are told apart, as if it were a grouping of rows: the class, the label, or
/// which figure of the prediction. The binary task has one outcome, but where its scores are cut into bins.
inline const char* outcome_grouping(Task task) {
  static constexpr const char* kNames[] = {"score", "class", "label", "figure"};
  return kNames[static_cast<int>(task)];
}

/// Of binary scores that are cut into bins: the outcome that has all rows, before those of the bins.
inline constexpr const char* kAnyScore = "any";

/// More classes or labels, thresholds of a prediction, or bins of a score than these are not counted in one pass.
inline constexpr std::size_t kMostOutcomes = 64, kMostThresholds = 32, kMostScoreBins = 32;

/// The figures of a regression that have no parameter, in their order; after them those "above" a threshold.
inline const std::vector<std::string>& regression_figures() {
  static const std::vector<std::string> names = {"prediction", "residual", "squared error", "loss"};
  return names;
}
inline constexpr std::int32_t kLossFigure = 3;  ///< of regression_figures()

}  // namespace equipoise::data
