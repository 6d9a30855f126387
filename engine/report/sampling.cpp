// Which training rows the batches were made of, and why.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/report/figure_table.h"
#include "engine/report/figures.h"
#include "engine/report/line_chart.h"
#include "engine/report/sections.h"
#include "engine/sampling/image_change.h"

namespace equipoise::report {
namespace {

using sampling::SamplingLog;

double total(const std::vector<std::int64_t>& rows) {
  return static_cast<double>(std::accumulate(rows.begin(), rows.end(), std::int64_t{0}));
}

double share_drawn(const SamplingLog::Epoch& epoch, std::size_t cell) {
  return static_cast<double>(epoch.drawn[cell]) / std::max(1.0, total(epoch.drawn));
}

double share_made(const SamplingLog::Epoch& epoch, std::size_t cell) {
  return static_cast<double>(epoch.made[cell]) / static_cast<double>(std::max<std::int64_t>(1, epoch.drawn[cell]));
}

bool makes_rows(const SamplingLog& log) {
  return std::ranges::any_of(log.epochs, [](const SamplingLog::Epoch& epoch) {
    return std::ranges::any_of(epoch.made, [](std::int64_t rows) { return rows > 0; });
  });
}

// Data have columns, whose rows are made up, or pictures, which are changed.
bool has_pictures(const SamplingLog& log) {
  return std::ranges::find(log.recipes, sampling::kImages, &SamplingLog::Recipe::recipe) != log.recipes.end();
}

double natural_share(const SamplingLog& log, std::size_t cell) {
  double all = 0;
  for (const SamplingLog::Cell& one : log.cells) all += static_cast<double>(one.rows);
  return static_cast<double>(log.cells[cell].rows) / std::max(1.0, all);
}

void write_recipes(Markup& page, const SamplingLog& log) {
  const auto list = page.in("ul", {{"class", "plain"}});
  for (const SamplingLog::Recipe& one : log.recipes) {
    const std::string from = one.file.empty() ? "" : fmt::format(", version {} of {}", one.version, one.file);
    page.element(
        "li", {},
        fmt::format("{}{}: {}.{}{}", one.recipe, from, one.does, one.rationale.empty() ? "" : " ", one.rationale));
  }
}

// Epochs of which the same is said, together.
void write_reasons(Markup& page, const SamplingLog& log) {
  const auto list = page.in("ul", {{"class", "plain"}});
  for (std::size_t first = 0; first < log.epochs.size();) {
    std::size_t last = first;
    while (last + 1 < log.epochs.size() && log.epochs[last + 1].why == log.epochs[first].why) ++last;
    page.element("li", {{"class", "note"}},
                 first == last ? fmt::format("Epoch {}: {}", log.epochs[first].epoch, log.epochs[first].why)
                               : fmt::format("Epochs {} to {}: {}", log.epochs[first].epoch, log.epochs[last].epoch,
                                             log.epochs[first].why));
    first = last + 1;
  }
}

using ShareOf = double (*)(const SamplingLog::Epoch&, std::size_t cell);

// How far a cell's share moved over the epochs.
double moved(const SamplingLog& log, ShareOf share, std::size_t cell) {
  double low = 1, high = 0;
  for (const SamplingLog::Epoch& epoch : log.epochs) {
    low = std::min(low, share(epoch, cell));
    high = std::max(high, share(epoch, cell));
  }
  return high - low;
}

// Cells by how far their shares moved, first those that moved most.
std::vector<std::size_t> by_movement(const SamplingLog& log, ShareOf share) {
  std::vector<std::size_t> cells(log.cells.size());
  std::iota(cells.begin(), cells.end(), std::size_t{0});
  std::ranges::stable_sort(cells, std::greater(), [&](std::size_t cell) { return moved(log, share, cell); });
  return cells;
}

void draw_shares(Markup& page, const SamplingLog& log, ShareOf share, const std::string& title) {
  constexpr std::size_t kNamed = 6;
  const std::vector<std::size_t> cells = by_movement(log, share);
  LineChart chart;
  chart.title = title;
  chart.x_title = "epoch";
  chart.y_word = [](double share) { return percent_text(share); };
  chart.y_unit = 0.01;
  chart.from_zero = true;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    Series series;
    series.name = log.cells[cells[i]].name;
    for (const SamplingLog::Epoch& epoch : log.epochs)
      series.points.push_back({static_cast<double>(epoch.epoch), share(epoch, cells[i])});
    series.muted = i >= kNamed;
    series.color = static_cast<int>(std::min(i, kNamed - 1));
    if (i < kNamed)
      chart.description += fmt::format("{}: {} at first, {} at the end. ", series.name,
                                       percent_text(series.points.front().y), percent_text(series.points.back().y));
    chart.series.push_back(std::move(series));
  }
  draw_line_chart(page, chart);
}

// What was drawn only where epochs differ: the table says it of those that are alike. What was made of it, always.
void draw_epochs(Markup& page, const SamplingLog& log) {
  constexpr double kSeen = 0.01;
  if (log.cells.empty() || log.epochs.size() < 2) return;
  if (moved(log, share_drawn, by_movement(log, share_drawn).front()) >= kSeen)
    draw_shares(page, log, share_drawn, "Share of each cell in the batches");
  if (makes_rows(log))
    draw_shares(page, log, share_made,
                has_pictures(log) ? "Share of the pictures of each cell that were changed"
                                  : "Share of the drawn rows of each cell that were made up");
}

void write_cells(Markup& page, const SamplingLog& log) {
  const bool is_weighed = std::ranges::any_of(log.epochs, [](const SamplingLog::Epoch& epoch) {
    return std::ranges::any_of(epoch.weights, [](double weight) { return weight != 1; });
  });
  const bool any_made = makes_rows(log);
  FigureTable table;
  table.caption = "Rows of each cell";
  table.columns = {"Cell",         "Training rows", "Share", "drawn at first", "drawn at the end",
                   "Drawn in all", "times each row"};
  if (any_made) table.columns.push_back(has_pictures(log) ? "changed, of these" : "made up, of these");
  if (is_weighed) table.columns.insert(table.columns.end(), {"Weight in the loss at first", "at the end"});
  FigureTable::Block& block = table.blocks.emplace_back();
  for (std::size_t cell = 0; cell < log.cells.size(); ++cell) {
    std::int64_t drawn = 0, made = 0;
    for (const SamplingLog::Epoch& epoch : log.epochs) {
      drawn += epoch.drawn[cell];
      made += epoch.made[cell];
    }
    std::vector<std::string>& row = block.rows.emplace_back(std::vector{
        log.cells[cell].name, count_text(log.cells[cell].rows), percent_text(natural_share(log, cell)),
        percent_text(share_drawn(log.epochs.front(), cell)), percent_text(share_drawn(log.epochs.back(), cell)),
        count_text(drawn),
        decimal_text(static_cast<double>(drawn) / static_cast<double>(std::max<std::int64_t>(1, log.cells[cell].rows)),
                     1)});
    if (any_made) row.push_back(count_text(made));
    if (!is_weighed) continue;
    row.push_back(decimal_text(log.epochs.front().weights[cell], 2));
    row.push_back(decimal_text(log.epochs.back().weights[cell], 2));
  }
  write_figure_table(page, table);
}

}  // namespace

void write_sampling(Markup& page, const Report& report) {
  const SamplingLog& log = *report.sampling;
  const auto section = page.in("section", {{"id", "sampling"}, {"aria-labelledby", "sampling-title"}});
  page.element("h2", {{"id", "sampling-title"}}, "Batches");
  page.element("p", {{"class", "intro"}},
               "Recipes decided which training rows batches were made of, which were made up from real ones or "
               "changed, and how rows "
               "counted in the loss. Constraints "
               "were priced and measured on people as they come; no row of another split was drawn or changed.");
  write_recipes(page, log);
  if (log.epochs.empty()) {
    page.element("p", {}, "No epoch came to its end.");
    return;
  }
  write_reasons(page, log);
  draw_epochs(page, log);
  write_cells(page, log);
}

}  // namespace equipoise::report
