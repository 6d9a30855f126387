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

// The row's level of each grouping, translated by `codes` ([groupings][levels]); false when one is unknown.
bool levels_of_row(const std::vector<const Grouping*>& groupings, std::size_t row, std::vector<std::int32_t>& levels) {
  levels.clear();
  for (const Grouping* grouping : groupings) {
    if (grouping->codes.empty() || grouping->codes[row] == kUnknownLevel) return false;
    levels.push_back(grouping->codes[row]);
  }
  return true;
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
  const std::vector<const Grouping*> groupings = groupings_named(dataset, names);
  for (const Grouping* grouping : groupings) cells.levels.push_back(grouping->levels);
  std::set<std::vector<std::int32_t>> occurring;
  std::vector<std::int32_t> levels;
  for (std::size_t row = 0; row < static_cast<std::size_t>(dataset.rows()); ++row) {
    if (levels_of_row(groupings, row, levels)) occurring.insert(levels);
  }
  for (const std::vector<std::int32_t>& combination : occurring) {
    cells.cells.push_back({combination, 0});
    cells.cells.push_back({combination, 1});
  }
  cells.of_row = cells_of_rows(cells, dataset);
  return cells;
}

std::vector<std::int32_t> cells_of_rows(const Cells& cells, const Dataset& dataset) {
  std::vector<std::int32_t> of_row(static_cast<std::size_t>(dataset.rows()), kUnknownLevel);
  if (dataset.labels.empty()) return of_row;
  const std::vector<const Grouping*> groupings = groupings_named(dataset, cells.groupings);
  std::map<std::vector<std::int32_t>, std::int32_t> first_cell;  // of a combination: label 0, then label 1
  for (std::size_t i = 0; i < cells.cells.size(); i += 2) {
    first_cell.emplace(cells.cells[i].levels, static_cast<std::int32_t>(i));
  }
  std::vector<std::int32_t> levels;
  for (std::size_t row = 0; row < of_row.size(); ++row) {
    if (!levels_of_row(groupings, row, levels)) continue;
    const auto found = first_cell.find(levels);
    if (found != first_cell.end()) of_row[row] = found->second + dataset.labels[row];
  }
  return of_row;
}

}  // namespace equipoise::data
