#include "engine/data/label_checks.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/encoder.h"
#include "engine/data/labels.h"

namespace equipoise::data {
namespace {

constexpr std::size_t kFewestOutcomes = 2;

[[noreturn]] void refuse(const std::string& field, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, field + ": " + what, origin.of(field));
}

// A field, whether the config says something there, and the tasks that read it.
struct Field {
  const char* name;
  bool is_said;
  std::vector<Task> tasks;
};

std::vector<Field> fields_of(const LabelParams& label) {
  const std::vector<Task> yes_or_no = {Task::binary, Task::labels};
  return {{"column", !label.column.empty(), {Task::binary, Task::classes, Task::regression}},
          {"columns", !label.columns.empty(), {Task::labels}},
          {"positive", !label.positive.empty(), yes_or_no},
          {"negative", !label.negative.empty(), yes_or_no},
          {"above", label.above != LabelParams::kNoNumber, yes_or_no},
          {"classes", !label.classes.empty(), {Task::classes}},
          {"bins", !label.bins.empty(), {Task::classes}}};
}

void check_field(const Field& field, Task task, const config::Origin& origin) {
  if (!field.is_said || std::ranges::find(field.tasks, task) != field.tasks.end()) return;
  std::string tasks;
  for (std::size_t i = 0; i < field.tasks.size(); ++i)
    tasks += (i == 0 ? "" : i + 1 < field.tasks.size() ? ", " : " and ") + std::string(name_of(field.tasks[i]));
  refuse(std::string("data.label.") + field.name,
         std::string("is for the task") + (field.tasks.size() > 1 ? "s " : " ") + tasks + ", but data.label.task is " +
             name_of(task),
         origin);
}

// The first value that an earlier one already stands for, however it is spelt.
std::optional<std::size_t> repeated(const std::vector<std::string>& values) {
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (LevelIndex({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i)}).find(values[i]) >= 0) return i;
  }
  return std::nullopt;
}

void check_number_of(const std::string& field, std::size_t count, const std::string& what,
                     const config::Origin& origin) {
  if (count >= kFewestOutcomes && count <= kMostOutcomes) return;
  refuse(field, "expected 2 to " + std::to_string(kMostOutcomes) + " " + what + ", got " + std::to_string(count),
         origin);
}

void check_yes_or_no(const LabelParams& label, const config::Origin& origin) {
  if (label.above != LabelParams::kNoNumber) {
    if (label.positive.empty() && label.negative.empty()) return;
    refuse("data.label.above", "numbers above it are positive: expected either above, or positive and negative values",
           origin);
  }
  if (label.positive.empty())
    refuse("data.label.positive",
           "expected at least one value that counts as positive, such as [\"1\"] of a column of 0 and 1 (or "
           "data.label.above, "
           "to compare numbers)",
           origin);
  for (const std::string& value : label.positive) {
    if (std::ranges::find(label.negative, value) != label.negative.end())
      refuse("data.label.negative", "the value '" + value + "' is also listed as positive", origin);
  }
}

void check_labels(const LabelParams& label, const config::Origin& origin) {
  check_number_of("data.label.columns", label.columns.size(), "columns, one for each label", origin);
  for (auto column = label.columns.begin(); column != label.columns.end(); ++column) {
    if (std::find(label.columns.begin(), column, *column) != column)
      refuse("data.label.columns", "the column '" + *column + "' is listed twice", origin);
  }
}

void check_classes(const LabelParams& label, const config::Origin& origin) {
  if (!label.classes.empty() && !label.bins.empty())
    refuse("data.label.bins", "expected either bins, which cut a number into classes, or classes", origin);
  if (!label.classes.empty()) check_number_of("data.label.classes", label.classes.size(), "classes", origin);
  if (const auto twice = repeated(label.classes))
    refuse("data.label.classes[" + std::to_string(*twice) + "]", "'" + label.classes[*twice] + "' is listed twice",
           origin);
  if (!label.bins.empty()) check_number_of("data.label.bins", label.bins.size() + 1, "classes", origin);
  if (!std::ranges::is_sorted(label.bins, std::less_equal()))
    refuse("data.label.bins", "expected ascending numbers, each once", origin);
}

std::string columns_text(const LabelParams& label) {
  return "label column '" + label.column + "'";
}

std::string rows_text(std::int64_t rows) {
  return std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

// Rows that weigh nothing tell nothing.
bool counts_in_training(const Dataset& dataset, std::size_t row) {
  return dataset.splits[row] == Split::train && (dataset.weights.empty() || dataset.weights[row] > 0);
}

// How many training rows have each value, 0 or 1 or the class, of an outcome; binary and classes have one.
std::vector<std::int64_t> training_counts(const Dataset& dataset, std::size_t outcome) {
  const std::size_t stride = dataset.task == Task::labels ? dataset.outcomes.size() : 1;
  std::vector<std::int64_t> counts(dataset.task == Task::classes ? dataset.outcomes.size() : 2);
  for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
    if (counts_in_training(dataset, row)) ++counts[dataset.labels[row * stride + outcome]];
  }
  return counts;
}

void check_both_values(const std::vector<std::int64_t>& counts, const std::string& where) {
  for (const std::size_t value : {0, 1}) {
    if (counts[value] > 0) continue;
    throw core::UserError(core::Fault::data, std::string("the training split has no ") +
                                                 (value == 1 ? "positive" : "negative") + " row (" +
                                                 rows_text(counts[1 - value]) + ", " + where + ")");
  }
}

void check_every_class(const Dataset& dataset, const std::string& where) {
  const std::vector<std::int64_t> counts = training_counts(dataset, 0);
  std::vector<std::string> unseen;
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    rows += counts[i];
    if (counts[i] == 0) unseen.push_back("'" + dataset.outcomes[i] + "'");
  }
  if (unseen.empty()) return;
  throw core::UserError(core::Fault::data, "class labels unseen in training: " + core::listed(unseen) +
                                               " (the training split has " + rows_text(rows) + ", " + where + ")");
}

void check_targets_differ(const Dataset& dataset, const std::string& where) {
  std::optional<float> first;
  for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
    if (!counts_in_training(dataset, row)) continue;
    if (!first) first = dataset.targets[row];
    if (dataset.targets[row] != *first) return;
  }
  throw core::UserError(core::Fault::data, "every training row has the target " + number_text(*first) + " (" + where +
                                               "), so there is nothing to learn");
}

const char* name_of(Split split) {
  return split == Split::train ? "training" : kSplitNames[static_cast<std::size_t>(split)];
}

void check_weights_of_splits(const Dataset& dataset) {
  if (dataset.weights.empty()) return;
  for (const Split split : {Split::train, Split::selection, Split::holdout, Split::test}) {
    const std::vector<std::int64_t> rows = dataset.rows_of(split);
    const auto is_nothing = [&](std::int64_t row) { return dataset.weights[static_cast<std::size_t>(row)] == 0; };
    if (!rows.empty() && std::ranges::all_of(rows, is_nothing))
      throw core::UserError(core::Fault::data, std::string("all sample weights of the ") + name_of(split) +
                                                   " split are 0 (" +
                                                   rows_text(static_cast<std::int64_t>(rows.size())) + ")");
  }
}

}  // namespace

void check_label(const LabelParams& label, const config::Origin& origin) {
  const Task task = task_of(label);
  core::ProblemList problems;
  for (const Field& field : fields_of(label)) problems.collect([&] { check_field(field, task, origin); });
  problems.throw_if_any();
  if (task == Task::labels) {
    problems.collect([&] { check_labels(label, origin); });
  } else if (label.column.empty()) {
    problems.collect([&] { refuse("data.label.column", "expected the column to predict", origin); });
  }
  problems.collect([&] {
    if (task == Task::binary || task == Task::labels) check_yes_or_no(label, origin);
    if (task == Task::classes) check_classes(label, origin);
  });
  problems.collect([&] {
    const bool has_values = (task == Task::binary || task == Task::classes) && !is_by_number(label);
    if (!label.annotators.empty() && !has_values)
      refuse("data.label.annotators",
             "annotators say a label's values: it is for the tasks binary and classes, told by values", origin);
  });
  problems.throw_if_any();
}

void check_label_beside_groups(const DataParams& params, const config::Origin& origin) {
  const std::vector<std::string> columns = label_columns(params.label);
  // Binary scores are told apart only where a constraint cuts them into bins, which the constraints' room knows.
  const Task task = task_of(params.label);
  const std::string taken = task == Task::binary ? "" : outcome_grouping(task);
  for (std::size_t i = 0; i < params.groups.size(); ++i) {
    const std::string place = "data.groups[" + std::to_string(i) + "]", &column = params.groups[i].column;
    if (!column.empty() && std::ranges::find(columns, column) != columns.end())
      refuse(place + ".column", "the label '" + column + "' cannot be a group", origin);
    if (!taken.empty() && params.groups[i].shown_name() == taken)
      refuse(place,
             "'" + taken + "' is what tells the outcomes apart with data.label.task: " + params.label.task +
                 "; give this grouping another name",
             origin);
  }
}

void check_labels_of_training(const Dataset& dataset, const LabelParams& label) {
  check_weights_of_splits(dataset);
  const std::string left_out = dataset.weights.empty() ? "" : "; rows without weight left out",
                    where = columns_text(label) + left_out;
  switch (dataset.task) {
    case Task::binary:
      return check_both_values(training_counts(dataset, 0), where);
    case Task::classes:
      return check_every_class(dataset, where);
    case Task::labels:
      for (std::size_t i = 0; i < dataset.outcomes.size(); ++i)
        check_both_values(training_counts(dataset, i), "label column '" + dataset.outcomes[i] + "'" + left_out);
      return;
    case Task::regression:
      return check_targets_differ(dataset, where);
  }
}

}  // namespace equipoise::data
