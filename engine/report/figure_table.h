#pragma once

#include <string>
#include <vector>

#include "engine/evaluation/quality.h"
#include "engine/report/groupings.h"
#include "engine/report/markup.h"

namespace equipoise::report {

/// A table of figures that scrolls sideways where the page is narrow.
struct FigureTable {
  struct Block {
    std::string name;                            ///< a line above its rows; "": none
    std::vector<std::vector<std::string>> rows;  ///< what a row is, then its figures
  };
  std::string caption;
  std::vector<std::string> columns;  ///< the first is over the names of the rows
  std::vector<Block> blocks;
};

/// Everyone, then the levels of each grouping under its name; `row(group, name)` are the figures of one.
template <typename Group, typename Row>
std::vector<FigureTable::Block> blocks_by_group(const std::vector<Group>& groups, const Row& row) {
  std::vector<FigureTable::Block> blocks;
  if (const Group* all = everyone(groups)) blocks.push_back({"", {row(*all, "Everyone")}});
  for (const GroupingRows<Group>& grouping : groupings_of(groups)) {
    FigureTable::Block& block = blocks.emplace_back();
    block.name = "By " + grouping.name;
    for (const Group* group : grouping.levels) block.rows.push_back(row(*group, group->level));
  }
  return blocks;
}

void write_figure_table(Markup& page, const FigureTable& table);

}  // namespace equipoise::report
