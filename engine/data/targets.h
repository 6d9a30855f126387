#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/encoder.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// The column, or an error (config) at `field` that names the nearest and lists all.
const Column& column_named(const Table& table, const std::string& name, const std::string& field,
                           const config::Origin& origin);

/// [rows]; throws UserError (data) for a missing, negative or infinite weight, or when all are 0.
std::vector<float> make_weights(const Table& table, const std::string& column);

struct Groups {
  std::vector<GroupRule> rules;
  std::vector<Grouping> groupings;  ///< beside the rules
};

/// What is wrong with the groups whatever the data: throws UserError (config).
void check_groups(const std::vector<GroupParams>& params, const config::Origin& origin);

/// The groups, which check_groups has passed, with the levels that occur. Throws UserError (config).
Groups make_groups(const Table& table, const std::vector<GroupParams>& params, const config::Origin& origin);

/// Warns of columns of groups that spell "(missing)" out in some rows and have no value in others, which are one level, and of levels that
/// differ in blanks or in the case of letters alone, which are two.
void warn_of_spellings(const Table& table, const std::vector<GroupRule>& rules, core::Journal& journal);

/// The groupings of all rows by rules, whose columns are there. Levels that the rules do not know become kUnknownLevel.
std::vector<Grouping> make_groupings(const Table& table, const std::vector<GroupRule>& rules);

}  // namespace equipoise::data
