#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/evaluation/quality.h"
#include "engine/report/figure_table.h"
#include "engine/report/figures.h"
#include "engine/report/group_sections.h"
#include "engine/report/groupings.h"
#include "engine/report/interval_plot.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

using evaluation::GroupErrors;
using evaluation::SplitResult;

using Figure = std::optional<double> GroupErrors::*;

/// The figures that are drawn.
struct DrawnFigure {
  const char* name;
  Figure figure;
  bool from_zero;  ///< of errors 0 is the aim; of predictions it is any number
};
constexpr DrawnFigure kFigures[] = {
    {"Mean prediction", &GroupErrors::mean_prediction, false},
    {"Mean residual", &GroupErrors::mean_residual, true},
    {"Root mean square error", &GroupErrors::root_mean_square_error, true},
};

/// As many decimals as the largest of the figures needs, so that a column's stand under each other.
int decimals_of(const std::vector<GroupErrors>& groups, Figure figure) {
  double largest = 0;
  for (const GroupErrors& group : groups) {
    if (group.*figure && std::isfinite(*(group.*figure))) largest = std::max(largest, std::abs(*(group.*figure)));
  }
  return amount_decimals(largest);
}

Scale scale_of(const std::vector<GroupErrors>& groups, const DrawnFigure& drawn) {
  std::vector<double> figures;
  if (drawn.from_zero) figures.push_back(0);
  for (const GroupErrors& group : groups) {
    if (group.*drawn.figure && std::isfinite(*(group.*drawn.figure))) figures.push_back(*(group.*drawn.figure));
  }
  if (figures.empty()) return {0, 1};
  const auto [low, high] = std::ranges::minmax(figures);
  return round_scale(low, high);
}

void draw_level(Markup& page, const Report& report, const std::vector<GroupErrors>& groups, const DrawnFigure& drawn,
                const GroupErrors& group) {
  const auto row = page.in("li", {{"class", "plot-row"}});
  const bool enough = group.*drawn.figure && group.rows >= report.min_rows;
  const std::string amount = amount_text(group.*drawn.figure, decimals_of(groups, drawn.figure));
  const std::string value = enough ? amount : fmt::format("not estimable, n\u00A0=\u00A0{}", count_text(group.rows));
  page.element("div", {{"class", "label"}}, group.level);
  IntervalTrack track;
  track.title = fmt::format("{}, {} = {}", drawn.name, group.grouping, group.level);
  track.description = value;
  IntervalMark mark;
  mark.estimate = group.*drawn.figure;
  mark.hollow = !enough;
  mark.hover = fmt::format("{}: {}", group.level, value);
  track.marks.push_back(mark);
  if (const GroupErrors* all = everyone(groups)) track.reference = all->*drawn.figure;
  draw_track(page, scale_of(groups, drawn), track);
  page.element("div", {{"class", enough ? "numbers" : "numbers note"}}, value);
}

void draw_figure(Markup& page, const Report& report, const std::vector<GroupErrors>& groups, const DrawnFigure& drawn,
                 const GroupingRows<GroupErrors>& grouping) {
  const auto figure = page.in("figure", {{"class", "rate"}});
  page.element("figcaption", {}, drawn.name);
  const auto list = page.in("ul", {{"class", "plot-rows"}});
  for (const GroupErrors* group : grouping.levels) draw_level(page, report, groups, drawn, *group);
  write_axis_row(page, scale_of(groups, drawn), [](double tick) { return tick_text(tick); });
}

void write_table(Markup& page, const SplitResult& split) {
  static constexpr Figure kColumns[] = {&GroupErrors::mean_target, &GroupErrors::mean_prediction,
                                        &GroupErrors::mean_residual, &GroupErrors::root_mean_square_error,
                                        &GroupErrors::mean_absolute_error};
  const std::vector<GroupErrors>& groups = split.regression->groups;
  FigureTable table;
  table.caption = fmt::format("Predictions and errors on {}, in the units of the target", split_phrase(split));
  table.columns = {"Group", "n", "Mean target", "Mean prediction", "Mean residual", "RMSE", "MAE"};
  const auto row = [&groups](const GroupErrors& group, const std::string& name) {
    std::vector<std::string> figures = {name, count_text(group.rows)};
    for (const Figure column : kColumns) figures.push_back(amount_text(group.*column, decimals_of(groups, column)));
    return figures;
  };
  table.blocks = blocks_by_group(groups, row);
  write_figure_table(page, table);
}

}  // namespace

void write_regression_groups(Markup& page, const Report& report, const SplitResult& split) {
  page.element(
      "p", {{"class", "intro"}},
      fmt::format("What the model predicts and how far off it is, on {}, in the units of the target. The dashed "
                  "line is everyone's figure. A hollow dot rests on fewer than {} rows.",
                  split_phrase(split), count_text(report.min_rows)));
  for (const GroupingRows<GroupErrors>& grouping : groupings_of(split.regression->groups)) {
    page.element("h3", {}, fmt::format("By {}", grouping.name));
    const auto figures = page.in("div", {{"class", "small-multiples"}});
    for (const DrawnFigure& drawn : kFigures) draw_figure(page, report, split.regression->groups, drawn, grouping);
  }
  page.element("h3", {}, "All groups");
  write_table(page, split);
  page.element(
      "p", {{"class", "note"}},
      "Residual: prediction minus target; above 0 the model predicts too much for the group on average. RMSE, root "
      "mean "
      "square error: large errors count more. MAE, mean absolute error: all count alike. A dash: no row to measure.");
}

}  // namespace equipoise::report
