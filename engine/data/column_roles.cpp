#include "engine/data/column_roles.h"

#include <algorithm>
#include <optional>

#include "engine/core/error.h"
#include "engine/data/labels.h"
#include "engine/data/stored_decisions.h"
#include "engine/data/teacher.h"

namespace equipoise::data {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// Said of a group of a column, it holds for the column.
bool is_input_by_group(const DataParams& params, const std::string& column) {
  return std::ranges::any_of(params.groups,
                             [&](const GroupParams& group) { return group.input && group.column == column; });
}

}  // namespace

ColumnRoles roles_of(const DataParams& params) {
  ColumnRoles roles;
  roles.labels = label_columns(params.label);
  roles.annotators = params.label.annotators;
  roles.weight = params.weight;
  roles.split = params.split.column;
  const std::optional<DecisionRule> stored = decision_rule(params.stored_decisions);
  if (stored && stored->in_data) roles.stored_decisions = decision_columns(*stored, params.label);
  roles.teacher = teacher_columns_of_data(params, params.label.classes);
  std::vector<std::string>& as_text = roles.read_as_text;
  for (const GroupParams& group : params.groups) {
    if (!group.column.empty() && !is_input_by_group(params, group.column)) roles.groups.push_back(group.column);
    if (!group.column.empty() && group.bins.empty()) as_text.push_back(group.column);
  }
  if (!is_by_number(params.label)) as_text.insert(as_text.end(), roles.labels.begin(), roles.labels.end());
  as_text.insert(as_text.end(), roles.annotators.begin(), roles.annotators.end());
  if (!roles.split.empty()) as_text.push_back(roles.split);
  if (!params.images.column.empty()) as_text.push_back(params.images.column);
  return roles;
}

const ColumnRole* role_of(const ColumnRoles& roles, const std::string& column) {
  static constexpr ColumnRole kLabel = {"the label", "is the label"},
                              kAnnotator = {"an annotator's label", "holds what an annotator said"},
                              kWeight = {"the sample weight", "is the sample weight"},
                              kSplit = {"the split", "tells the split"},
                              kDecision = {"the stored decision", "holds the stored decisions"},
                              kTeacher = {"a teacher's score", "holds a teacher's scores"};
  if (contains(roles.labels, column)) return &kLabel;
  if (contains(roles.annotators, column)) return &kAnnotator;
  if (column == roles.weight) return &kWeight;
  if (column == roles.split) return &kSplit;
  if (contains(roles.stored_decisions, column)) return &kDecision;
  return contains(roles.teacher, column) ? &kTeacher : nullptr;
}

void check_columns_are_free(const std::vector<std::string>& columns, const DataParams& params,
                            const ColumnRoles& others, const std::string& field, const std::string& what_they_hold,
                            const config::Origin& origin) {
  for (const std::string& column : columns) {
    std::string why;
    if (const ColumnRole* role = role_of(others, column)) why = role->predicate;
    if (is_input_by_group(params, column))
      why = "is named as an input of the model, which does not see " + what_they_hold;
    if (why.empty()) continue;
    throw core::UserError(core::Fault::config, field + ": the column '" + column + "' " + why, origin.of(field));
  }
}

}  // namespace equipoise::data
