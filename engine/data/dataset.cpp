#include "engine/data/dataset.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::data {
namespace {

std::vector<const Grouping*> groupings_named(const Dataset& dataset, const std::vector<std::string>& names) {
  std::vector<const Grouping*> groupings;
  for (const std::string& name : names) groupings.push_back(&dataset.grouping(name));
  return groupings;
}

using Combination = std::vector<std::int32_t>;

// The row's level of each grouping; kUnknownLevel where it has none that training saw.
void read_levels(const std::vector<const Grouping*>& groupings, std::size_t row, Combination& levels) {
  levels.clear();
  for (const Grouping* grouping : groupings) {
    levels.push_back(grouping->codes.empty() ? kUnknownLevel : grouping->codes[row]);
  }
}

// The first of the two cells of each combination.
std::map<Combination, std::int32_t> first_cells(const Cells& cells) {
  std::map<Combination, std::int32_t> first;
  for (std::size_t i = 0; i < cells.cells.size(); i += 2) {
    first.emplace(cells.cells[i].levels, static_cast<std::int32_t>(i));
  }
  return first;
}

}  // namespace

std::vector<std::int64_t> Dataset::rows_of(Split split) const {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < splits.size(); ++row) {
    if (splits[row] == split) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

const Grouping& Dataset::grouping(const std::string& name) const {
  if (stored_decisions && stored_decisions->name == name) return *stored_decisions;
  std::vector<std::string> names;
  for (const Grouping& grouping : groupings) {
    if (grouping.name == name) return grouping;
    names.push_back(grouping.name);
  }
  throw core::UserError(core::Fault::config,
                        "there is no grouping '" + name + "'" + core::did_you_mean(name, names) +
                            "; the groupings of data.groups are: " + (names.empty() ? "none" : core::listed(names)));
}

Cells build_cells(const Dataset& dataset, const std::vector<std::string>& names) {
  Cells cells;
  cells.groupings = names;
  for (const Grouping* grouping : groupings_named(dataset, names)) cells.levels.push_back(grouping->levels);
  return cells_of(dataset, std::move(cells));
}

Cells cells_of(const Dataset& dataset, Cells cells) {
  cells.of_row.assign(static_cast<std::size_t>(dataset.rows()), kUnknownLevel);
  if (dataset.labels.empty()) return cells;
  const std::vector<const Grouping*> groupings = groupings_named(dataset, cells.groupings);
  const std::map<Combination, std::int32_t> known = first_cells(cells);
  std::set<Combination> fresh;
  Combination levels;
  for (std::size_t row = 0; row < cells.of_row.size(); ++row) {
    read_levels(groupings, row, levels);
    if (!known.contains(levels)) fresh.insert(levels);
  }
  for (const Combination& combination : fresh) {
    cells.cells.push_back({combination, 0});
    cells.cells.push_back({combination, 1});
  }
  const std::map<Combination, std::int32_t> first_cell = first_cells(cells);
  for (std::size_t row = 0; row < cells.of_row.size(); ++row) {
    read_levels(groupings, row, levels);
    cells.of_row[row] = first_cell.at(levels) + dataset.labels[row];
  }
  return cells;
}

}  // namespace equipoise::data
