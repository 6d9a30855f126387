#include <algorithm>
#include <set>

#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/request_problems.h"
#include "engine/constraints/requests.h"
#include "engine/core/nearest_name.h"

namespace equipoise::constraints {
namespace {

// Used splits without a row of the level, which has `rows` in all.
std::vector<std::string> splits_without(const LinearForm& everyone, const RowCounts& counts, std::int64_t& rows) {
  std::vector<std::string> absent_from;
  rows = 0;
  for (int split = 0; split < kSplits; ++split) {
    const std::int64_t here = rows_in(everyone, counts.rows_of_cell[split]);
    rows += here;
    if (counts.used(split) && here == 0) absent_from.emplace_back(data::kSplitNames[split]);
  }
  return absent_from;
}

void check_levels(const std::string& grouping, std::size_t index, const data::Cells& cells, const RowCounts& counts,
                  std::int64_t min_rows, Problems& problems) {
  const auto place = std::ranges::find(cells.groupings, grouping) - cells.groupings.begin();
  for (const std::string& level : cells.levels[place]) {
    std::int64_t rows = 0;
    const LinearForm everyone = weight_of(cells, {{grouping, level}});
    const std::vector<std::string> absent_from = splits_without(everyone, counts, rows);
    if (rows < min_rows || absent_from.empty()) continue;
    problems.add(index, "group",
                 "the level '" + level + "' of '" + grouping + "' has " + std::to_string(rows) +
                     " rows but none in the split " + core::listed(absent_from) +
                     ", where the constraint must hold too; split so that every split has rows of "
                     "every group (data.split)");
  }
}

// A level of the control grouping with rows of one group only has nothing to compare.
void check_strata(const ConstraintParams& wanted, std::size_t index, const data::Cells& cells, const RowCounts& counts,
                  std::int64_t min_rows, Problems& problems) {
  if (wanted.within.empty() || find_kind(wanted.kind)->demand != Demand::parity) return;
  const auto control = std::ranges::find(cells.groupings, wanted.within) - cells.groupings.begin();
  for (const std::string& grouping : wanted.group) {
    const auto place = std::ranges::find(cells.groupings, grouping) - cells.groupings.begin();
    for (const std::string& stratum : cells.levels[control]) {
      std::vector<std::string> occurring;
      std::int64_t in_stratum = 0;
      for (const std::string& level : cells.levels[place]) {
        std::int64_t rows = 0;
        splits_without(weight_of(cells, {{grouping, level}, {wanted.within, stratum}}), counts, rows);
        if (rows > 0) occurring.push_back(level);
        in_stratum += rows;
      }
      if (occurring.size() != 1 || in_stratum < min_rows) continue;
      problems.add(index, "within",
                   "all " + std::to_string(in_stratum) + " rows of " + wanted.within + "=" + stratum + " are of " +
                       grouping + "=" + occurring.front() +
                       ": there is nothing to compare; join levels of the control grouping (bins, or a column with "
                       "fewer values)");
    }
  }
}

// Who is in two groups that have nobody in common is nobody, and has no rate that could be measured ever.
void check_terms(const ConstraintParams& wanted, std::size_t index, const data::Cells& cells, const RowCounts& counts,
                 Problems& problems) {
  for (std::size_t i = 0; i < wanted.terms.size(); ++i) {
    std::vector<Condition> where;
    std::string named;
    for (const auto& [grouping, level] : wanted.terms[i].group) {
      where.push_back({grouping, level});
      named += (named.empty() ? "" : " and ") + grouping + "=" + level;
    }
    std::int64_t rows = 0;
    splits_without(weight_of(cells, where), counts, rows);
    if (rows == 0)
      problems.add(index, "terms[" + std::to_string(i) + "].group",
                   "no row is of " + named + ", whose rate cannot be measured");
  }
}

}  // namespace

void check_levels_in_splits(const std::vector<ConstraintParams>& constraints, const data::Cells& cells,
                            const RowCounts& counts, std::int64_t min_rows, const config::Origin& origin) {
  Problems problems(origin);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    for (const std::string& grouping : constraints[i].group)
      if (seen.insert(grouping).second) check_levels(grouping, i, cells, counts, min_rows, problems);
    check_strata(constraints[i], i, cells, counts, min_rows, problems);
    check_terms(constraints[i], i, cells, counts, problems);
  }
  problems.throw_if_any();
}

}  // namespace equipoise::constraints
