#pragma once

#include <string>
#include <vector>

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

void write_figure_table(Markup& page, const FigureTable& table);

}  // namespace equipoise::report
