#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace equipoise::report {

/// The levels of one grouping, in the order of the results. `Group` is evaluation::GroupMetrics or GroupErrors.
template <typename Group>
struct GroupingRows {
  std::string name;
  std::vector<const Group*> levels;
};

/// The groupings of a list that holds everyone (grouping "") and every grouping's levels. They point into `groups`.
template <typename Group>
std::vector<GroupingRows<Group>> groupings_of(const std::vector<Group>& groups) {
  std::vector<GroupingRows<Group>> groupings;
  for (const Group& group : groups) {
    if (group.grouping.empty()) continue;
    const auto known = std::ranges::find(groupings, group.grouping, &GroupingRows<Group>::name);
    GroupingRows<Group>& rows = known == groupings.end() ? groupings.emplace_back() : *known;
    rows.name = group.grouping;
    rows.levels.push_back(&group);
  }
  return groupings;
}

}  // namespace equipoise::report
