#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/task.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// The one figure that says how good a model is on a split: by its task the accuracy, the accuracy over the classes, the
/// mean accuracy over the labels, or the root mean square error.
struct Quality {
  std::string name;        ///< in a sentence: "accuracy over 4 classes"
  std::string short_name;  ///< over a column: "accuracy", "RMSE"
  bool is_error = false;   ///< in the target's units, and less is better; else a share, and more is better
  std::optional<double> figure;
  std::optional<Interval> interval;
};
Quality quality_of(const SplitResult& split);
/// Its names where nothing was measured yet.
Quality quality_of_task(const std::string& task);

/// Whether `one` is surely better; a figure is better than none.
bool is_better(const Quality& one, const Quality& other);
/// The same of two finite figures that both are errors, or both are shares.
bool is_better(double one, double other, bool is_error);

data::Task task_of(const SplitResult& split);
bool is_binary(const SplitResult& split);
bool is_regression(const SplitResult& split);

/// Of a list of groups that of all rows; nullptr where it has none. `Group` is GroupMetrics or GroupErrors.
template <typename Group>
const Group* everyone(const std::vector<Group>& groups) {
  const auto found = std::ranges::find(groups, std::string(), &Group::grouping);
  return found == groups.end() ? nullptr : &*found;
}
/// Of a regression the errors over everyone; nullptr where there are none.
const GroupErrors* errors_of_everyone(const SplitResult& split);

}  // namespace equipoise::evaluation
