#include "engine/data/labels.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "engine/core/nearest_name.h"
#include "engine/data/label_values.h"
#include "engine/data/number_bins.h"

namespace equipoise::data {
namespace {

constexpr double kLargestTarget = 1e30;  // as float, and its square in double, a finite number

// [rows]; that a text is no number is told of later.
std::vector<std::uint8_t> has_value(const Table& table, const Column& column) {
  std::vector<std::uint8_t> has;
  has.reserve(static_cast<std::size_t>(table.rows()));
  if (column.kind == ColumnKind::number) {
    for (const double number : NumberView(column).numbers(table)) has.push_back(!std::isnan(number));
  } else {
    for (const std::int32_t code : CategoryView(table, column).codes(table)) has.push_back(code != kMissingCode);
  }
  return has;
}

// Which of the columns lacks a value in the row.
const std::string& column_without(const std::vector<std::vector<std::uint8_t>>& has, std::size_t row,
                                  const std::vector<std::string>& columns) {
  const auto lacks = std::ranges::find_if(has, [&](const auto& of_column) { return of_column[row] == 0; });
  return columns[static_cast<std::size_t>(lacks - has.begin())];
}

bool is_number(const Column& column) {
  return column.kind == ColumnKind::number || column.kind == ColumnKind::text;  // whose texts are then parsed
}

// What reads numbers, and the field that says so.
std::pair<std::string, std::string> reader_of_numbers(const LabelParams& params) {
  if (!params.bins.empty()) return {"data.label.bins", "bins cut numbers"};
  if (params.above != LabelParams::kNoNumber) return {"data.label.above", "above compares numbers"};
  return {"data.label.column", "the task regression predicts numbers"};
}

void check_number_columns(const Table& table, const LabelParams& params, const config::Origin& origin) {
  const auto [field, reader] = reader_of_numbers(params);
  for (const std::string& name : label_columns(params)) {
    const Column& column = *table.find(name);
    if (is_number(column)) continue;
    throw core::UserError(core::Fault::config,
                          field + ": " + reader + ", but the column '" + name + "' holds " + name_of(column.kind),
                          origin.of(field));
  }
}

// [rows] finite. The column's kind was checked in training, but not that of new rows.
std::vector<double> label_numbers(const Table& table, const std::string& name) {
  const Column& column = *table.find(name);
  if (!is_number(column)) {
    throw core::UserError(
        core::Fault::data,
        "the label column '" + name + "' holds " + name_of(column.kind) + ", but in training it held numbers",
        core::Position{table.files.front().path, 0, 0});
  }
  refuse_text(table, column, "label");
  return NumberView(column).numbers(table);
}

std::vector<std::uint8_t> labels_above(const std::vector<double>& numbers, double bound) {
  std::vector<std::uint8_t> labels;
  labels.reserve(numbers.size());
  for (const double number : numbers) labels.push_back(number > bound);
  return labels;
}

std::vector<std::uint8_t> make_labels_above(const Table& table, const std::string& column, double bound,
                                            const config::Origin& origin, core::Journal& journal) {
  const std::vector<double> numbers = label_numbers(table, column);
  std::vector<std::uint8_t> labels = labels_above(numbers, bound);
  const auto positive = std::ranges::count(labels, 1);
  if (positive == 0 || positive == table.rows()) {
    const auto [least, largest] = std::ranges::minmax(numbers);
    throw core::UserError(core::Fault::config,
                          std::string("data.label.above: ") + (positive == 0 ? "no" : "every") + " row is above " +
                              number_text(bound) + " in the label column '" + column + "', which goes from " +
                              number_text(least) + " to " + number_text(largest) + ", so there is nothing to learn",
                          origin.of("data.label.above"));
  }
  journal.say("label '" + column + "': positive above " + number_text(bound) + " (" + std::to_string(positive) +
              (positive == 1 ? " row)" : " rows)"));
  return labels;
}

// [rows] the bin; label rows have no missing value.
std::vector<std::uint8_t> binned(const Table& table, const LabelParams& params) {
  label_numbers(table, params.column);
  const std::vector<std::int32_t> codes = bin_codes(table, *table.find(params.column), params.bins, "label");
  return {codes.begin(), codes.end()};
}

// Targets are kept as 32-bit numbers, which lie as far apart as they are large.
void check_spacing(const std::vector<double>& numbers, const std::string& column) {
  constexpr double kCoarse = 0.1;  // deviations
  constexpr double kRounding = 1e-12;
  if (numbers.empty()) return;
  double sum = 0, squares = 0, largest = 0;
  for (const double number : numbers) sum += number, largest = std::max(largest, std::abs(number));
  const double mean = sum / static_cast<double>(numbers.size());
  for (const double number : numbers) squares += (number - mean) * (number - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(numbers.size()));
  const double spacing = static_cast<double>(std::nextafter(static_cast<float>(largest), 2e38F)) -
                         static_cast<double>(static_cast<float>(largest));
  // Equal ones have what rounding left of the mean.
  if (deviation <= kRounding * largest || spacing <= kCoarse * deviation) return;
  char text[200];
  std::snprintf(
      text, sizeof text,
      "' lie around %.10g with a deviation of %.3g, and are kept as 32-bit numbers, which lie %.3g apart there: "
      "take a constant such as their mean off all of them",
      mean, deviation, spacing);
  throw core::UserError(core::Fault::data, "the targets in column '" + column + text);
}

std::vector<float> targets_of(const Table& table, const std::string& column, bool learns) {
  const std::vector<double> numbers = label_numbers(table, column);
  const auto bad = std::ranges::find_if(numbers, [](double number) { return std::abs(number) > kLargestTarget; });
  if (bad == numbers.end()) {
    if (learns) check_spacing(numbers, column);
    return {numbers.begin(), numbers.end()};
  }
  throw core::UserError(
      core::Fault::data,
      "the target in column '" + column + "' is " + number_text(*bad) + "; targets are numbers from -1e30 to 1e30",
      table.where(bad - numbers.begin()));
}

void set_targets(const Table& table, const LabelParams& params, bool learns, Dataset& dataset) {
  dataset.targets = targets_of(table, params.column, learns);
  dataset.labels.assign(dataset.targets.size(), 0);
}

// [rows * columns], row by row, of the labels of each column.
std::vector<std::uint8_t> side_by_side(const std::vector<std::vector<std::uint8_t>>& columns) {
  std::vector<std::uint8_t> labels;
  labels.reserve(columns.size() * columns.front().size());
  for (std::size_t row = 0; row < columns.front().size(); ++row) {
    for (const std::vector<std::uint8_t>& column : columns) labels.push_back(column[row]);
  }
  return labels;
}

std::vector<std::uint8_t> make_yes_or_no(const Table& table, LabelParams& params, const config::Origin& origin,
                                         core::Journal& journal) {
  std::vector<std::vector<std::uint8_t>> labels;
  std::vector<std::string> negative = params.negative;
  for (const std::string& column : label_columns(params)) {
    labels.push_back(is_by_number(params) ? make_labels_above(table, column, params.above, origin, journal)
                                          : make_signs(table, column, params, negative, origin, journal));
  }
  params.negative = std::move(negative);
  return side_by_side(labels);
}

std::vector<std::uint8_t> apply_yes_or_no(const Table& table, const LabelParams& params) {
  std::vector<std::vector<std::uint8_t>> labels;
  for (const std::string& column : label_columns(params)) {
    labels.push_back(is_by_number(params) ? labels_above(label_numbers(table, column), params.above)
                                          : apply_signs(table, column, params));
  }
  return side_by_side(labels);
}

std::vector<std::string> outcomes_of(const LabelParams& params) {
  switch (task_of(params)) {
    case Task::classes:
      return params.classes;
    case Task::labels:
      return params.columns;
    default:
      return {};
  }
}

}  // namespace

std::vector<std::string> label_columns(const LabelParams& params) {
  return task_of(params) == Task::labels ? params.columns : std::vector<std::string>{params.column};
}

bool is_by_number(const LabelParams& params) {
  return task_of(params) == Task::regression || !params.bins.empty() || params.above != LabelParams::kNoNumber;
}

std::int64_t drop_rows_without_label(Table& table, const LabelParams& params, core::Journal& journal) {
  const std::vector<std::string> columns = label_columns(params);
  std::vector<std::vector<std::uint8_t>> has;
  std::vector<std::uint8_t> keep(static_cast<std::size_t>(table.rows()), 1);
  for (const std::string& column : columns) {
    has.push_back(has_value(table, *table.find(column)));
    if (table.rows() > 0 && std::ranges::count(has.back(), 1) == 0) {
      throw core::UserError(core::Fault::data, "the label column '" + column + "' holds nothing but missing values",
                            table.where(0));
    }
    for (std::size_t row = 0; row < keep.size(); ++row) keep[row] &= has.back()[row];
  }
  const auto first = std::ranges::find(keep, 0) - keep.begin();
  const std::int64_t missing = std::ranges::count(keep, 0);
  if (missing == 0) return 0;
  const bool several = columns.size() > 1;
  const std::string where =
      several ? "one of the columns " + core::quoted(columns) : "column '" + columns.front() + "'";
  if (missing == table.rows())
    throw core::UserError(core::Fault::data, "every row lacks a label in " + where, table.where(0));
  journal.warn(std::to_string(missing) + (missing == 1 ? " row has" : " rows have") + " no label in " + where +
               " and " + (missing == 1 ? "was" : "were") + " left out (the first: " + table.where(first).text() +
               (several ? ", in '" + column_without(has, static_cast<std::size_t>(first), columns) + "'" : "") + ")");
  keep_rows(table, keep);
  return missing;
}

void make_labels(const Table& table, LabelParams& params, const config::Origin& origin, core::Journal& journal,
                 Dataset& dataset) {
  dataset.task = task_of(params);
  if (is_by_number(params)) check_number_columns(table, params, origin);
  spell_as_columns(table, label_columns(params), params);
  switch (dataset.task) {
    case Task::binary:
    case Task::labels:
      dataset.labels = make_yes_or_no(table, params, origin, journal);
      break;
    case Task::classes:
      if (params.bins.empty()) {
        dataset.labels = make_classes(table, params, origin, journal);
      } else {
        params.classes = bin_names(params.bins);
        dataset.labels = binned(table, params);
        journal.say("label '" + params.column + "': " + std::to_string(params.classes.size()) + " classes, " +
                    core::quoted(params.classes));
      }
      break;
    case Task::regression:
      set_targets(table, params, true, dataset);
      journal.say("label '" + params.column + "': a number to predict");
      break;
  }
  dataset.outcomes = outcomes_of(params);
}

void set_task(const Encoder& encoder, Dataset& dataset) {
  dataset.task = task_of(encoder.label);
  dataset.outcomes = outcomes_of(encoder.label);
  dataset.target_mean = encoder.target_mean;
  dataset.target_deviation = encoder.target_deviation;
}

void apply_labels(const Table& table, const LabelParams& params, Dataset& dataset) {
  switch (task_of(params)) {
    case Task::binary:
    case Task::labels:
      dataset.labels = apply_yes_or_no(table, params);
      break;
    case Task::classes:
      dataset.labels = params.bins.empty() ? apply_classes(table, params) : binned(table, params);
      break;
    case Task::regression:
      set_targets(table, params, false, dataset);
      break;
  }
}

void set_target_scale(Dataset& dataset) {
  const auto weight_of = [&](std::size_t row) {
    if (dataset.splits[row] != Split::train) return 0.0;
    return dataset.weight_of(row);
  };
  double weight = 0, sum = 0, squares = 0;
  for (std::size_t row = 0; row < dataset.targets.size(); ++row) {
    weight += weight_of(row);
    sum += weight_of(row) * dataset.targets[row];
  }
  dataset.target_mean = sum / weight;
  for (std::size_t row = 0; row < dataset.targets.size(); ++row) {
    const double difference = dataset.targets[row] - dataset.target_mean;
    squares += weight_of(row) * difference * difference;
  }
  dataset.target_deviation = std::sqrt(squares / weight);
}

}  // namespace equipoise::data
