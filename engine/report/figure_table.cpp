#include "engine/report/figure_table.h"

#include <fmt/format.h>

namespace equipoise::report {
namespace {

void write_block(Markup& page, const FigureTable::Block& block, std::size_t columns) {
  const auto body = page.in("tbody");
  if (!block.name.empty()) {
    const auto row = page.in("tr", {{"class", "block"}});
    page.element("th", {{"scope", "rowgroup"}, {"colspan", fmt::format("{}", columns)}}, block.name);
  }
  for (const std::vector<std::string>& figures : block.rows) {
    const auto row = page.in("tr");
    for (std::size_t i = 0; i < figures.size(); ++i) {
      if (i == 0) {
        page.element("th", {{"scope", "row"}}, figures[i]);
      } else {
        page.element("td", {}, figures[i]);
      }
    }
  }
}

}  // namespace

void write_figure_table(Markup& page, const FigureTable& table) {
  constexpr std::size_t kFew = 3;
  const char* style = table.columns.size() <= kFew ? "scroll slim" : "scroll";
  const auto wrap =
      page.in("div", {{"class", style}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", table.caption}});
  const auto element = page.in("table");
  page.element("caption", {}, table.caption);
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    for (const std::string& name : table.columns) page.element("th", {{"scope", "col"}}, name);
  }
  for (const FigureTable::Block& block : table.blocks) write_block(page, block, table.columns.size());
}

}  // namespace equipoise::report
