#include <algorithm>
#include <cctype>
#include <functional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "engine/core/nearest_name.h"
#include "engine/data/number_bins.h"
#include "engine/data/targets.h"

namespace equipoise::data {
namespace {

// More distinct numbers than this are no groups.
constexpr std::size_t kMostNumberLevels = 50;

std::string field_of(std::size_t index, const char* field) {
  const std::string place = "data.groups[" + std::to_string(index) + "]";
  return *field == '\0' ? place : place + "." + field;
}

[[noreturn]] void refuse(const std::string& field, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, field + ": " + what, origin.of(field));
}

// A grouping with every level it could have; codes into them.
Grouping raw_grouping_of_column(const Table& table, const GroupRule& rule) {
  const Column& column = *table.find(rule.column);
  if (!rule.bins.empty()) {
    Grouping grouping{rule.name, bin_names(rule.bins), bin_codes(table, column, rule.bins, "group")};
    grouping.levels.emplace_back(kMissingLevel);
    return grouping;
  }
  const CategoryView view(table, column);
  Grouping grouping{rule.name, view.levels(), view.codes(table)};
  // A column may spell "(missing)" out: that is the same level.
  const auto missing =
      static_cast<std::int32_t>(std::ranges::find(grouping.levels, kMissingLevel) - grouping.levels.begin());
  if (missing == static_cast<std::int32_t>(grouping.levels.size())) grouping.levels.emplace_back(kMissingLevel);
  for (std::int32_t& code : grouping.codes) code = code == kMissingCode ? missing : code;
  return grouping;
}

// The levels of a row's parts as one number, the first part counting most; kUnknownLevel when one is unknown.
std::vector<std::int64_t> crossed_keys(const std::vector<const Grouping*>& parts) {
  std::vector<std::int64_t> keys(parts.front()->codes.size());
  for (const Grouping* part : parts) {
    const auto levels = static_cast<std::int64_t>(part->levels.size());
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const bool unknown = keys[row] == kUnknownLevel || part->codes[row] == kUnknownLevel;
      keys[row] = unknown ? kUnknownLevel : keys[row] * levels + part->codes[row];
    }
  }
  return keys;
}

std::string crossed_name(std::int64_t key, const std::vector<const Grouping*>& parts) {
  std::string name;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    const auto levels = static_cast<std::int64_t>((*part)->levels.size());
    name = (*part)->levels[static_cast<std::size_t>(key % levels)] + (name.empty() ? "" : " * ") + name;
    key /= levels;
  }
  return name;
}

Grouping raw_crossing(const GroupRule& rule, const std::vector<const Grouping*>& parts) {
  const std::vector<std::int64_t> keys = crossed_keys(parts);
  const std::unordered_set<std::int64_t> distinct(keys.begin(), keys.end());
  std::vector<std::int64_t> sorted(distinct.begin(), distinct.end());
  std::ranges::sort(sorted);
  std::unordered_map<std::int64_t, std::int32_t> codes = {{kUnknownLevel, kUnknownLevel}};
  Grouping grouping{rule.name, {}, {}, rule.cross};
  for (const std::int64_t key : sorted) {
    if (key == kUnknownLevel) continue;
    codes.emplace(key, static_cast<std::int32_t>(grouping.levels.size()));
    grouping.levels.push_back(crossed_name(key, parts));
  }
  for (const std::int64_t key : keys) grouping.codes.push_back(codes.at(key));
  return grouping;
}

// The same rows with the rule's levels instead of those that the rows happen to have.
void adopt_levels(Grouping& grouping, const std::vector<std::string>& levels) {
  const LevelIndex known(levels);
  std::vector<std::int32_t> codes;
  std::int32_t missing = kUnknownLevel;
  for (const std::string& level : grouping.levels) {
    if (level == kMissingLevel && known.find(level) < 0) missing = static_cast<std::int32_t>(codes.size());
    codes.push_back(known.find(level));
  }
  for (std::size_t row = 0; row < grouping.codes.size() && missing >= 0; ++row)
    if (grouping.codes[row] == missing) grouping.rows_without.push_back(static_cast<std::int64_t>(row));
  for (std::int32_t& code : grouping.codes) code = code == kUnknownLevel ? code : codes[static_cast<std::size_t>(code)];
  grouping.levels = levels;
}

std::vector<std::string> occurring_levels(const Grouping& grouping) {
  std::vector<bool> occurs(grouping.levels.size());
  for (const std::int32_t code : grouping.codes) occurs[static_cast<std::size_t>(code)] = true;
  std::vector<std::string> levels;
  for (std::size_t i = 0; i < occurs.size(); ++i) {
    if (occurs[i]) levels.push_back(grouping.levels[i]);
  }
  return levels;
}

// The first name that stands twice; "" when there is none.
std::string repeated(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) return name;
  }
  return "";
}

std::vector<const Grouping*> parts_of(const GroupRule& rule, const std::vector<Grouping>& earlier) {
  std::vector<const Grouping*> parts;
  for (const std::string& name : rule.cross) parts.push_back(&*std::ranges::find(earlier, name, &Grouping::name));
  return parts;
}

Grouping raw_grouping(const Table& table, const GroupRule& rule, const std::vector<Grouping>& earlier) {
  return rule.cross.empty() ? raw_grouping_of_column(table, rule) : raw_crossing(rule, parts_of(rule, earlier));
}

void check_column_group(const Table& table, const GroupParams& params, std::size_t index,
                        const config::Origin& origin) {
  const Column& column = column_named(table, params.column, field_of(index, "column"), origin);
  const NumberView numbers(column);
  const bool is_number =
      column.kind == ColumnKind::number || (column.kind == ColumnKind::text && numbers.first_unreadable_level() < 0);
  if (column.kind == ColumnKind::empty) {
    refuse(field_of(index, "column"), "the column '" + params.column + "' holds nothing but missing values", origin);
  }
  if (!params.bins.empty() && !is_number) {
    refuse(field_of(index, "bins"),
           "bins cut numbers, but the column '" + params.column + "' holds " + name_of(column.kind), origin);
  }
  const bool many = (is_number || is_in_days(column.kind)) && params.bins.empty() &&
                    CategoryView(table, column).levels().size() > kMostNumberLevels;
  if (many) {
    refuse(field_of(index, "column"),
           "the column '" + params.column + "' holds " + std::to_string(CategoryView(table, column).levels().size()) +
               " different numbers, too many for groups; cut it, for example with bins: [25, 45, 65]",
           origin);
  }
}

void check_crossing(const GroupParams& params, const std::vector<std::string>& names, std::size_t index,
                    const config::Origin& origin) {
  if (params.cross.size() < 2) refuse(field_of(index, "cross"), "expected the names of at least two groupings", origin);
  if (std::set<std::string>(params.cross.begin(), params.cross.end()).size() != params.cross.size()) {
    refuse(field_of(index, "cross"), "a grouping is named twice", origin);
  }
  for (const std::string& part : params.cross) {
    if (std::ranges::find(names, part) != names.end()) continue;
    refuse(field_of(index, "cross"),
           "there is no grouping '" + part + "' above this one" + core::did_you_mean(part, names) +
               "; there are: " + (names.empty() ? "none" : core::listed(names)),
           origin);
  }
}

void check_group(const GroupParams& params, const std::vector<std::string>& names, std::size_t index,
                 const config::Origin& origin) {
  if (params.column.empty() == params.cross.empty()) {
    refuse(field_of(index, ""), "expected either column or cross", origin);
  }
  if (!params.cross.empty() && !params.bins.empty()) {
    refuse(field_of(index, "bins"), "a crossing has no bins of its own", origin);
  }
  if (!params.cross.empty() && params.input) {
    refuse(field_of(index, "input"), "a crossing has no column that the model could see", origin);
  }
  if (!std::ranges::is_sorted(params.bins, std::less_equal())) {
    refuse(field_of(index, "bins"), "expected ascending numbers, each once", origin);
  }
  if (!params.cross.empty()) check_crossing(params, names, index, origin);
  if (std::ranges::find(names, params.shown_name()) != names.end()) {
    refuse(field_of(index, ""),
           "there is already a grouping '" + params.shown_name() + "'; give this one a name of its own", origin);
  }
}

// Without blanks at the ends, also those that do not break, and without capitals.
std::string as_readers_see_it(std::string level) {
  constexpr std::string_view kNoBreak = "\xc2\xa0";
  for (std::size_t at = level.find(kNoBreak); at != std::string::npos; at = level.find(kNoBreak))
    level.replace(at, kNoBreak.size(), " ");
  const std::size_t first = level.find_first_not_of(" \t"), last = level.find_last_not_of(" \t");
  level = first == std::string::npos ? "" : level.substr(first, last - first + 1);
  std::ranges::transform(level, level.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return level;
}

void warn_of_lookalikes(const std::string& column, const std::vector<std::string>& levels, core::Journal& journal) {
  std::unordered_map<std::string, std::string> seen;
  for (const std::string& level : levels) {
    const auto [other, is_new] = seen.try_emplace(as_readers_see_it(level), level);
    if (is_new) continue;
    journal.warn("the group column '" + column + "' has the levels '" + other->second + "' and '" + level +
                 "', which differ in blanks or in the case of letters alone: they are two groups");
    return;
  }
}

}  // namespace

void check_groups(const std::vector<GroupParams>& params, const config::Origin& origin) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < params.size(); ++i) {
    check_group(params[i], names, i, origin);
    names.push_back(params[i].shown_name());
  }
}

Groups make_groups(const Table& table, const std::vector<GroupParams>& params, const config::Origin& origin) {
  Groups groups;
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].cross.empty()) check_column_group(table, params[i], i, origin);
    GroupRule rule{params[i].shown_name(), params[i].column, params[i].bins, params[i].cross, {}};
    Grouping grouping = raw_grouping(table, rule, groups.groupings);
    rule.levels = occurring_levels(grouping);
    if (rule.levels.size() < 2) {
      refuse(field_of(i, rule.cross.empty() ? "column" : "cross"),
             "the grouping '" + rule.name + "' has one level only, '" + rule.levels.front() +
                 "': there is nothing to compare",
             origin);
    }
    if (const std::string twice = repeated(rule.levels); !twice.empty()) {
      refuse(field_of(i, "cross"),
             "two different crossings would both be called '" + twice +
                 "'; change the levels' texts so that they can be told apart",
             origin);
    }
    adopt_levels(grouping, rule.levels);
    groups.rules.push_back(std::move(rule));
    groups.groupings.push_back(std::move(grouping));
  }
  return groups;
}

void warn_of_spellings(const Table& table, const std::vector<GroupRule>& rules, core::Journal& journal) {
  for (const GroupRule& rule : rules) {
    if (!rule.cross.empty() || !rule.bins.empty()) continue;
    const CategoryView view(table, *table.find(rule.column));
    warn_of_lookalikes(rule.column, view.levels(), journal);
    const std::vector<std::int32_t> codes = view.codes(table);
    const auto spelt = std::ranges::find(view.levels(), kMissingLevel) - view.levels().begin();
    if (spelt == static_cast<std::ptrdiff_t>(view.levels().size())) continue;
    const auto none = std::ranges::count(codes, kMissingCode), said = std::ranges::count(codes, spelt);
    if (none > 0 && said > 0)
      journal.warn("the group column '" + rule.column + "' has the value '" + kMissingLevel + "' in " +
                   std::to_string(said) + " rows and none in " + std::to_string(none) +
                   ": both are counted as one level");
  }
}

std::vector<Grouping> make_groupings(const Table& table, const std::vector<GroupRule>& rules) {
  std::vector<Grouping> groupings;
  for (const GroupRule& rule : rules) {
    Grouping grouping = raw_grouping(table, rule, groupings);
    adopt_levels(grouping, rule.levels);
    groupings.push_back(std::move(grouping));
  }
  return groupings;
}

}  // namespace equipoise::data
