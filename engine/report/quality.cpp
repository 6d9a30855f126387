#include "engine/report/quality.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/report/figures.h"
#include "engine/report/groupings.h"

namespace equipoise::report {
namespace {

using data::Task;
using evaluation::SplitResult;

Task task_named(const std::string& name) {
  return data::task_from(name).value_or(Task::binary);
}

}  // namespace

Quality quality_of_task(const std::string& task) {
  if (task_named(task) == Task::regression) return {"root mean square error", "RMSE", true, {}, {}};
  return {task_named(task) == Task::labels ? "mean accuracy" : "accuracy", "accuracy", false, {}, {}};
}

Quality quality_of(const SplitResult& split) {
  Quality quality = quality_of_task(split.task);
  if (quality.is_error) {
    if (const auto* errors = errors_of_everyone(split)) quality.figure = errors->root_mean_square_error;
    return quality;
  }
  const auto count = static_cast<std::int64_t>(split.outcomes.size());
  if (task_of(split) == Task::classes) quality.name += fmt::format(" over {} classes", count);
  if (task_of(split) == Task::labels) quality.name += fmt::format(" over {} label{}", count, count == 1 ? "" : "s");
  if (std::isfinite(split.metrics.accuracy)) quality.figure = split.metrics.accuracy;
  quality.interval = split.metrics.accuracy_interval;
  return quality;
}

std::string quality_text(const Quality& quality) {
  return quality.is_error ? amount_text(quality.figure) : percent_text(quality.figure);
}

std::string quality_words(const Quality& quality) {
  if (!quality.interval) return quality_text(quality);
  return fmt::format("{} ({})", quality_text(quality),
                     quality.is_error ? figure_range(quality.interval, "number") : percent_range(quality.interval));
}

bool is_better(const Quality& one, const Quality& other) {
  if (!one.figure || !std::isfinite(*one.figure)) return false;
  if (!other.figure || !std::isfinite(*other.figure)) return true;
  return one.is_error ? *one.figure < *other.figure : *one.figure > *other.figure;
}

bool is_binary(const SplitResult& split) {
  return task_of(split) == Task::binary;
}

bool is_regression(const SplitResult& split) {
  return task_of(split) == Task::regression;
}

data::Task task_of(const SplitResult& split) {
  return task_named(split.task);
}

const evaluation::GroupErrors* errors_of_everyone(const SplitResult& split) {
  return split.regression ? everyone(split.regression->groups) : nullptr;
}

}  // namespace equipoise::report
