#include "engine/evaluation/quality.h"

#include <fmt/format.h>

#include <cmath>

namespace equipoise::evaluation {
namespace {

using data::Task;

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

bool is_better(const Quality& one, const Quality& other) {
  if (!one.figure || !std::isfinite(*one.figure)) return false;
  if (!other.figure || !std::isfinite(*other.figure)) return true;
  return is_better(*one.figure, *other.figure, one.is_error);
}

bool is_better(double one, double other, bool is_error) {
  return is_error ? one < other : one > other;
}

data::Task task_of(const SplitResult& split) {
  return task_named(split.task);
}

bool is_binary(const SplitResult& split) {
  return task_of(split) == Task::binary;
}

bool is_regression(const SplitResult& split) {
  return task_of(split) == Task::regression;
}

const GroupErrors* errors_of_everyone(const SplitResult& split) {
  return split.regression ? everyone(split.regression->groups) : nullptr;
}

}  // namespace equipoise::evaluation
