#pragma once

#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/data/params.h"

namespace equipoise::data {

/// Columns that have a role besides being inputs.
struct ColumnRoles {
  std::vector<std::string> labels, annotators;
  std::string weight;
  std::string split;
  std::vector<std::string> stored_decisions;
  std::vector<std::string> teacher;       ///< its scores, as far as their names are known
  std::vector<std::string> groups;        ///< that are no inputs but by data.features.groups_as_inputs
  std::vector<std::string> read_as_text;  ///< because of a role; numbers in them are still numbers
};

/// What the config makes of columns.
ColumnRoles roles_of(const DataParams& params);

/// A role that makes a column no input, whatever else the config says.
struct ColumnRole {
  const char* noun;       ///< "the label": what the column is
  const char* predicate;  ///< "is the label": what it does
};

/// That of the column; nullptr where it has none. A group's is none: it may be an input.
const ColumnRole* role_of(const ColumnRoles& roles, const std::string& column);

/// Throws UserError (config) at `field` for one of `columns` of the data files that has a role among the `others`, or is named as an input by
/// data.groups: the model does not see what they hold ("stored decisions").
void check_columns_are_free(const std::vector<std::string>& columns, const DataParams& params,
                            const ColumnRoles& others, const std::string& field, const std::string& what_they_hold,
                            const config::Origin& origin);

}  // namespace equipoise::data
