#include "engine/data/stored_decisions.h"

#include <algorithm>
#include <cmath>

#include "engine/core/nearest_name.h"
#include "engine/data/column_roles.h"
#include "engine/data/predictions_of_rows.h"
#include "engine/data/targets.h"

namespace equipoise::data {
namespace {

constexpr const char* kField = "data.stored_decisions";
constexpr const char* kDecisionOfPredictions = "decision";

[[noreturn]] void refuse(const std::string& field, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, field + ": " + what, origin.of(field));
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

Grouping grouping_of(std::vector<std::int32_t> decisions, Task task, const std::vector<std::string>& outcomes) {
  const std::vector<std::string> levels = task == Task::classes ? outcomes : std::vector<std::string>{"0", "1"};
  return {kStoredDecision, levels, std::move(decisions)};
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
  ColumnRoles others = roles_of(params);
  const std::string field = std::string(kField) + ".column";
  for (const std::string& column : others.stored_decisions)
    if (std::ranges::find(others.labels, column) != others.labels.end())
      refuse(
          field,
          "the column '" + column + "' is the label; the share of rows decided otherwise than it is the rate 'error'",
          origin);
  others.stored_decisions.clear();
  check_columns_are_free(decision_columns(*rule, params.label), params, others, field, "stored decisions", origin);
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
  const Table stored = read_predictions(predictions, names, table, origin, journal);
  return {grouping_of(of_rows_kept(read(stored), names.size(), table), task, outcomes), stored.files.front()};
}

Grouping unknown_decisions(const LabelParams& label, const std::vector<std::string>& outcomes) {
  return grouping_of({}, task_of(label), outcomes);
}

}  // namespace equipoise::data
