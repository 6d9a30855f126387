#pragma once

#include <optional>
#include <string>

#include "engine/data/task.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::report {

/// The one figure that says how good a model is on a split: by its task the accuracy, the accuracy over the classes, the
/// mean accuracy over the labels, or the root mean square error.
struct Quality {
  std::string name;        ///< in a sentence: "accuracy over 4 classes"
  std::string short_name;  ///< over a column: "accuracy", "RMSE"
  bool is_error = false;   ///< in the target's units, and less is better; else a share, and more is better
  std::optional<double> figure;
  std::optional<evaluation::Interval> interval;
};
Quality quality_of(const evaluation::SplitResult& split);
/// Its names where nothing was measured yet.
Quality quality_of_task(const std::string& task);

/// "86.1 %", "12.3"
std::string quality_text(const Quality& quality);
/// "86.1 % (85.4 to 86.8 %)"
std::string quality_words(const Quality& quality);
/// Whether `one` is surely better; a figure is better than none.
bool is_better(const Quality& one, const Quality& other);

data::Task task_of(const evaluation::SplitResult& split);
bool is_binary(const evaluation::SplitResult& split);
bool is_regression(const evaluation::SplitResult& split);
/// Of a regression the errors over everyone; nullptr where there are none.
const evaluation::GroupErrors* errors_of_everyone(const evaluation::SplitResult& split);

}  // namespace equipoise::report
