#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "engine/constraints/titles.h"
#include "engine/report/figures.h"
#include "engine/report/line_chart.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

using evaluation::SplitResult;
using evaluation::ThresholdRow;

constexpr double kThresholdInUse = 0.5;
constexpr std::size_t kNamedConstraints = 5;
constexpr std::size_t kTableRows = 25;

std::optional<double> gap_at(const ThresholdRow& row, std::size_t constraint) {
  return constraint < row.gaps.size() ? row.gaps[constraint] : std::nullopt;
}

/// Whether every rate of every group was measured: else a gap is of some of them only.
bool is_measured(const evaluation::ConstraintResult& constraint) {
  return std::ranges::all_of(constraint.promises,
                             [](const evaluation::PromiseResult& promise) { return evaluation::is_measured(promise); });
}

/// The row nearest to `threshold`; the table is never empty here.
const ThresholdRow& row_at(const SplitResult& split, double threshold) {
  return *std::min_element(split.thresholds.begin(), split.thresholds.end(),
                           [&](const ThresholdRow& a, const ThresholdRow& b) {
                             return std::abs(a.threshold - threshold) < std::abs(b.threshold - threshold);
                           });
}

LineChart chart_over_thresholds(const std::string& title) {
  LineChart chart;
  chart.title = title;
  chart.x_title = "threshold";
  chart.y_word = [](double value) { return percent_text(value); };
  chart.y_unit = 0.01;
  chart.x = Scale{0, 1};
  chart.moments.push_back({kThresholdInUse, "threshold in use"});
  chart.levels_in_legend = true;
  return chart;
}

void draw_accuracy(Markup& page, const SplitResult& split) {
  LineChart chart = chart_over_thresholds("Accuracy and selection rate, %");
  Series accuracy{"accuracy", {}, 0, Stroke::solid, false, false};
  Series selected{"selection rate", {}, 2, Stroke::dashed, false, false};
  for (const ThresholdRow& row : split.thresholds) {
    accuracy.points.push_back({row.threshold, row.accuracy});
    selected.points.push_back({row.threshold, row.selection_rate});
  }
  chart.series = {std::move(accuracy), std::move(selected)};
  chart.from_zero = true;
  const ThresholdRow& now = row_at(split, kThresholdInUse);
  chart.description = fmt::format("At threshold {:.2f}: accuracy {}, selection rate {}.", now.threshold,
                                  percent_text(now.accuracy), percent_text(now.selection_rate));
  draw_line_chart(page, chart);
}

/// A line for each tolerance of the constraints with one unit, which says whose it is where there are several.
std::vector<Guide> tolerances_of(const SplitResult& split, const std::string& unit,
                                 const std::function<double(double)>& drawn) {
  constexpr std::size_t kMost = 3;
  std::map<double, std::vector<std::string>> whose;
  for (const evaluation::ConstraintResult& constraint : split.constraints)
    if (constraint.unit == unit && std::isfinite(constraint.tolerance))
      whose[constraint.tolerance].push_back(constraints::title_without_tolerance(constraint.title));
  std::vector<Guide> levels;
  for (const auto& [tolerance, titles] : whose) {
    if (levels.size() == kMost) break;
    std::string name = fmt::format("{} {}", is_gap(unit) ? "tolerance" : "allowed", figure_text(tolerance, unit));
    if (whose.size() > 1)
      name += fmt::format(": {}", titles.size() == 1 ? titles.front() : fmt::format("{} constraints", titles.size()));
    levels.push_back({drawn(tolerance), name});
  }
  return levels;
}

/// The figures of the constraints with one unit; of a floor the rate itself is drawn.
void draw_figures(Markup& page, const SplitResult& split, const std::string& unit, const std::string& title) {
  const auto drawn = [&](double figure) { return unit == "floor" ? 1 - figure : figure; };
  LineChart chart = chart_over_thresholds(title);
  chart.from_zero = true;
  if (unit == "number") {
    chart.y_unit = 1;
    chart.y_word = [](double value) { return decimal_text(value, 3); };
  }
  chart.levels = tolerances_of(split, unit, drawn);
  const ThresholdRow& now = row_at(split, kThresholdInUse);
  for (std::size_t c = 0; c < split.constraints.size(); ++c) {
    const evaluation::ConstraintResult& constraint = split.constraints[c];
    if (constraint.unit != unit) continue;
    Series series{constraint.title,       {},   static_cast<int>(c % 6), static_cast<Stroke>(c % 3),
                  c >= kNamedConstraints, false};
    for (const ThresholdRow& row : split.thresholds) {
      const double figure = gap_at(row, c).value_or(std::numeric_limits<double>::quiet_NaN());
      series.points.push_back({row.threshold, drawn(figure)});
    }
    chart.series.push_back(std::move(series));
    chart.description +=
        fmt::format("{}: {} at threshold {:.2f}. ", constraint.title, figure_text(gap_at(now, c), unit), now.threshold);
  }
  if (!chart.series.empty()) draw_line_chart(page, chart);
}

void draw_gaps(Markup& page, const SplitResult& split) {
  draw_figures(page, split, "points", "Gap of each constraint, points");
  draw_figures(page, split, "percent", "Gap of each ratio constraint, %");
  draw_figures(page, split, "share", "Largest rate of each cap, %");
  draw_figures(page, split, "floor", "Smallest rate of each floor, %");
  draw_figures(page, split, "number", "Figure of each other constraint");
}

/// "Gap: demographic parity by sex"
std::string heading_of(const evaluation::ConstraintResult& constraint) {
  std::string kind = constraint.kind;
  std::replace(kind.begin(), kind.end(), '_', ' ');
  const bool is_gap = constraint.unit == "points" || constraint.unit == "percent";
  return fmt::format("{}{}{}", is_gap ? "Gap: " : "", kind,
                     constraint.grouping.empty() ? "" : " by " + constraint.grouping);
}

/// At most kTableRows of the rows, evenly spread, the threshold in use among them.
std::vector<const ThresholdRow*> shown_rows(const SplitResult& split) {
  const ThresholdRow& now = row_at(split, kThresholdInUse);
  const std::size_t stride = (split.thresholds.size() + kTableRows - 1) / kTableRows;
  const std::size_t offset = static_cast<std::size_t>(&now - split.thresholds.data()) % stride;
  std::vector<const ThresholdRow*> rows;
  for (std::size_t i = offset; i < split.thresholds.size(); i += stride) rows.push_back(&split.thresholds[i]);
  return rows;
}

void write_table(Markup& page, const SplitResult& split) {
  const auto wrap = page.in(
      "div",
      {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "What threshold changes would do"}});
  const auto table = page.in("table");
  page.element("caption", {}, fmt::format("What deciding at another threshold would do on the {} split", split.split));
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    page.element("th", {{"scope", "col"}}, "Threshold");
    page.element("th", {{"scope", "col"}}, "Accuracy");
    page.element("th", {{"scope", "col"}}, "Selection rate");
    for (const auto& constraint : split.constraints) {
      page.element("th", {{"scope", "col"}}, heading_of(constraint));
    }
  }
  const auto body = page.in("tbody");
  const ThresholdRow& now = row_at(split, kThresholdInUse);
  for (const ThresholdRow* threshold : shown_rows(split)) {
    const auto row = page.in("tr", {{"class", threshold == &now ? "current" : "other"}});
    page.element("th", {{"scope", "row"}},
                 fmt::format("{:.2f}{}", threshold->threshold, threshold == &now ? " (in use)" : ""));
    page.element("td", {}, percent_text(threshold->accuracy));
    page.element("td", {}, percent_text(threshold->selection_rate));
    for (std::size_t c = 0; c < split.constraints.size(); ++c) {
      const std::optional<double> gap = gap_at(*threshold, c);
      const bool inside = gap && std::isfinite(split.constraints[c].tolerance) && is_measured(split.constraints[c]) &&
                          evaluation::is_inside(*gap, split.constraints[c].tolerance);
      page.element("td", {{"class", inside ? "inside" : "outside"}},
                   figure_text(gap, split.constraints[c].unit) + (inside ? "\u00A0\u2713" : ""));
    }
  }
}

}  // namespace

void write_thresholds(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "thresholds"}, {"aria-labelledby", "thresholds-title"}});
  page.element("h2", {{"id", "thresholds-title"}}, "What another threshold would do");
  const SplitResult* split = headline_split(report);
  if (!split || split->thresholds.empty()) {
    page.element("p", {}, "No other threshold was measured.");
    return;
  }
  page.element(
      "p", {{"class", "intro"}},
      "The same threshold for everyone, moved. These are estimates on the same rows, without intervals: choosing "
      "a threshold here and quoting its gap from here would be looking at the test twice.");
  {
    const auto charts = page.in("div", {{"class", "charts"}});
    draw_accuracy(page, *split);
    if (!split->constraints.empty()) draw_gaps(page, *split);
  }
  const auto details = page.in("details");
  page.element("summary", {}, "The same as a table");
  write_table(page, *split);
  if (!split->constraints.empty())
    page.element("p", {{"class", "note"}},
                 "\u2713: the gap is inside its tolerance, and every group and rate was measured.");
}

}  // namespace equipoise::report
