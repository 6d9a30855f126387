#include "engine/data/stored_decisions.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/core/nearest_name.h"
#include "engine/data/labels.h"
#include "engine/data/read_files.h"
#include "engine/data/targets.h"

namespace equipoise::data {
namespace {

constexpr const char* kField = "data.stored_decisions";
constexpr const char* kDecisionOfPredictions = "decision";
constexpr const char* kRowOfPredictions = "row";

[[noreturn]] void refuse(const std::string& field, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, field + ": " + what, origin.of(field));
}

std::string rows_text(std::int64_t rows) {
  return std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

std::vector<std::int32_t> decisions_of(const Table& table, const Column& column) {
  std::vector<std::int32_t> decisions;
  for (const double number : NumberView(column).numbers(table)) {
    if (number == 0 || number == 1) {
      decisions.push_back(number == 1);
      continue;
    }
    const std::string what = std::isnan(number) ? "is missing or not a number" : "is " + number_text(number);
    throw core::UserError(
        core::Fault::data,
        "the stored decision in column '" + column.name + "' " + what + "; expected 0 (negative) or 1 (positive)",
        table.where(static_cast<std::int64_t>(decisions.size())));
  }
  return decisions;
}

std::vector<std::int32_t> classes_of(const Table& table, const Column& column,
                                     const std::vector<std::string>& classes) {
  const CategoryView view(table, column);
  const LevelIndex known(classes);
  std::vector<std::int32_t> class_of_level;
  for (const std::string& level : view.levels()) class_of_level.push_back(known.find(level));
  std::vector<std::int32_t> codes = view.codes(table);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    const std::int32_t code = codes[row], found = code < 0 ? code : class_of_level[static_cast<std::size_t>(code)];
    if (found < 0) {
      const std::string level = code < 0 ? "" : view.levels()[static_cast<std::size_t>(code)];
      throw core::UserError(
          core::Fault::data,
          "the stored decision in column '" + column.name + "' is " +
              (code < 0 ? "missing" : "'" + level + "', none of the classes" + core::did_you_mean(level, classes)) +
              "; expected one of " + core::listed(classes),
          table.where(static_cast<std::int64_t>(row)));
    }
    codes[row] = found;
  }
  return codes;
}

// [rows], of several labels [rows * labels] row by row.
std::vector<std::int32_t> decided(const Table& table, const std::vector<const Column*>& columns, Task task,
                                  const std::vector<std::string>& outcomes) {
  if (task == Task::classes) return classes_of(table, *columns.front(), outcomes);
  if (columns.size() == 1) return decisions_of(table, *columns.front());
  std::vector<std::int32_t> all(static_cast<std::size_t>(table.rows()) * columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::vector<std::int32_t> own = decisions_of(table, *columns[i]);
    for (std::size_t row = 0; row < own.size(); ++row) all[row * columns.size() + i] = own[row];
  }
  return all;
}

// A file that was sorted since would give people the decisions of others.
void check_order(const Table& predictions) {
  const Column* rows = predictions.find(kRowOfPredictions);
  if (rows == nullptr) return;
  std::int64_t expected = 0;
  for (const double number : NumberView(*rows).numbers(predictions)) {
    if (number == static_cast<double>(++expected)) continue;
    throw core::UserError(core::Fault::data,
                          "the column 'row' holds " + (std::isnan(number) ? "no number" : number_text(number)) +
                              " where " + std::to_string(expected) +
                              " was expected: predictions stand in the order of the data files' rows, counted from 1",
                          predictions.where(expected - 1));
  }
}

// Files of their own have rows that were left out of the table, for want of a label.
std::vector<std::int32_t> of_rows_kept(const std::vector<std::int32_t>& decisions, std::size_t of_a_row,
                                       const Table& table) {
  std::vector<std::int32_t> kept;
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    const auto first =
        decisions.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(table.row_as_read(row)) * of_a_row);
    kept.insert(kept.end(), first, first + static_cast<std::ptrdiff_t>(of_a_row));
  }
  return kept;
}

std::int64_t rows_as_read(const Table& table) {
  std::int64_t rows = 0;
  for (const Fingerprint& file : table.files) rows += file.rows;
  return rows;
}

// In the format that this program writes, whatever that of the data.
Table read_predictions(const std::string& path, const std::vector<std::string>& columns, const config::Origin& origin,
                       core::Journal& journal) {
  ReadRequest request{{path}, CsvParams(), {}, {}};
  request.used = std::set<std::string>(columns.begin(), columns.end());
  request.used->insert(kRowOfPredictions);
  return read_files(request, origin, journal);
}

Grouping grouping_of(std::vector<std::int32_t> decisions, Task task, const std::vector<std::string>& outcomes) {
  const std::vector<std::string> levels = task == Task::classes ? outcomes : std::vector<std::string>{"0", "1"};
  return {kStoredDecision, levels, std::move(decisions)};
}

// What names the column an input; data.features.keep is checked with the other roles.
bool is_input(const DataParams& params, const std::string& column) {
  return std::ranges::any_of(params.groups,
                             [&](const GroupParams& group) { return group.input && group.column == column; });
}

}  // namespace

std::optional<DecisionRule> decision_rule(const StoredDecisionParams& params) {
  if (!params.is_named()) return std::nullopt;
  const bool in_data = params.predictions.empty();
  return DecisionRule{params.column.empty() ? kDecisionOfPredictions : params.column, in_data};
}

void check_stored_decisions(const DataParams& params, const config::Origin& origin) {
  const std::optional<DecisionRule> rule = decision_rule(params.stored_decisions);
  for (std::size_t i = 0; rule && i < params.groups.size(); ++i) {
    const std::string place = "data.groups[" + std::to_string(i) + "]";
    if (params.groups[i].shown_name() == kStoredDecision)
      refuse(place,
             std::string("'") + kStoredDecision +
                 "' is what data.stored_decisions is called; give this grouping "
                 "another name",
             origin);
  }
  if (rule && params.label.task == name_of(Task::regression))
    refuse(kField, "a number that is predicted is no decision: there is no churn of the task regression", origin);
  if (!rule || !rule->in_data) return;
  const std::string field = std::string(kField) + ".column";
  const std::vector<std::string> labels = label_columns(params.label);
  for (const std::string& column : decision_columns(*rule, params.label)) {
    const std::string name = "the column '" + column + "' ";
    if (std::ranges::find(labels, column) != labels.end())
      refuse(field, name + "is the label; the share of rows decided otherwise than it is the rate 'error'", origin);
    if (column == params.weight) refuse(field, name + "is the sample weight", origin);
    if (column == params.split.column) refuse(field, name + "tells the split", origin);
    if (is_input(params, column))
      refuse(field, name + "is named as an input of the model, which does not see stored decisions", origin);
  }
}

std::vector<std::string> decision_columns(const DecisionRule& rule, const LabelParams& label) {
  if (label.task != name_of(Task::labels)) return {rule.column};
  std::vector<std::string> columns;
  for (const std::string& name : label.columns) columns.push_back(rule.column + "_" + name);
  return columns;
}

StoredDecisions read_stored_decisions(const DecisionRule& rule, const std::string& predictions, const Table& table,
                                      const LabelParams& label, const std::vector<std::string>& outcomes,
                                      const config::Origin& origin, core::Journal& journal) {
  const std::vector<std::string> names = decision_columns(rule, label);
  const Task task = task_of(label);
  const auto read = [&](const Table& from) {
    std::vector<const Column*> columns;
    for (const std::string& name : names)
      columns.push_back(&column_named(from, name, std::string(kField) + ".column", origin));
    return decided(from, columns, task, outcomes);
  };
  if (rule.in_data) return {grouping_of(read(table), task, outcomes), {}};
  const Table stored = read_predictions(predictions, names, origin, journal);
  const std::vector<std::int32_t> decisions = read(stored);
  if (const std::int64_t expected = rows_as_read(table); stored.rows() != expected) {
    std::vector<std::string> files;
    for (const Fingerprint& file : table.files) files.push_back(file.path);
    throw core::UserError(core::Fault::data,
                          "this predictions file has " + rows_text(stored.rows()) + ", the data files have " +
                              std::to_string(expected) + " (" + core::listed(files) +
                              "): expected one for each of their rows, in this order",
                          core::Position{predictions, 0, 0});
  }
  check_order(stored);
  return {grouping_of(of_rows_kept(decisions, names.size(), table), task, outcomes), stored.files.front()};
}

Grouping unknown_decisions(const LabelParams& label, const std::vector<std::string>& outcomes) {
  return grouping_of({}, task_of(label), outcomes);
}

}  // namespace equipoise::data
