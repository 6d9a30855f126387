// The frontier in the page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/figures.h"
#include "engine/report/plot_key.h"
#include "engine/report/sections.h"
#include "engine/report/sweep_frontier.h"
#include "engine/report/sweep_report.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::Verdict;
using sweep::SweepResults;

constexpr int kHeight = 320;

struct Frame {
  const FrontierFigure& figure;

  std::string across(double gap) const { return length(figure.x.at(gap)); }
  std::string down(double quality) const { return fmt::format("{:.1f}", kHeight * (1 - figure.y.at(quality))); }
};

void draw_line(Markup& page, const char* style, const std::string& x1, const std::string& y1, const std::string& x2,
               const std::string& y2) {
  page.empty("line", {{"class", style}, {"x1", x1}, {"y1", y1}, {"x2", x2}, {"y2", y2}});
}

void draw_scales(Markup& page, const FrontierFigure& figure) {
  const Frame frame{figure};
  const std::vector<double> rows = ticks({figure.y.low / figure.y_unit, figure.y.high / figure.y_unit}, 5);
  for (const double tick : rows) {
    const std::string y = frame.down(tick * figure.y_unit);
    draw_line(page, "grid", "0", y, "100%", y);
    page.element("text", {{"class", "tick-word"}, {"x", "-8"}, {"y", y}, {"dy", "4"}, {"text-anchor", "end"}},
                 tick_text(tick, tick_digits(rows)));
  }
  const std::vector<double> columns = ticks({figure.x.low / figure.x_unit, figure.x.high / figure.x_unit}, 5);
  for (const double tick : columns) {
    const std::string x = frame.across(tick * figure.x_unit);
    draw_line(page, "tick", x, fmt::format("{}", kHeight), x, fmt::format("{}", kHeight + 4));
    page.element("text",
                 {{"class", "tick-word"}, {"x", x}, {"y", fmt::format("{}", kHeight + 18)}, {"text-anchor", "middle"}},
                 tick_text(tick, tick_digits(columns)));
  }
}

void draw_limits(Markup& page, const FrontierFigure& figure, const FrontierPanel& panel) {
  const Frame frame{figure};
  const std::string foot = fmt::format("{}", kHeight);
  if (figure.limits.size() == 1)
    page.empty("rect", {{"class", "allowed"},
                        {"x", "0"},
                        {"y", "0"},
                        {"width", frame.across(figure.limits.front())},
                        {"height", foot}});
  double free_from = -1;
  for (const double limit : figure.limits) {
    const double at = figure.x.at(limit);
    draw_line(page, "reference", length(at), "0", length(at), foot);
    if (at < free_from) continue;
    constexpr double kWord = 0.12;  // of a narrow page's width
    free_from = at + kWord;
    page.element(
        "text",
        {{"class", "guide-word"}, {"x", length(at)}, {"y", "-6"}, {"text-anchor", at < 0.06 ? "start" : "middle"}},
        tick_text(std::round(1e4 * limit / figure.x_unit) / 1e4));
  }
  if (panel.noise_floor)
    draw_line(page, "noise", frame.across(*panel.noise_floor), fmt::format("{}", kHeight - 14),
              frame.across(*panel.noise_floor), foot);
}

void draw_bound(Markup& page, const Frame& frame, const FrontierPoint& point) {
  if (!point.upper_bound || !std::isfinite(*point.upper_bound)) return;
  const std::string y = frame.down(point.quality), end = frame.across(*point.upper_bound);
  const double at = kHeight * (1 - frame.figure.y.at(point.quality));
  const auto group = page.in("g", {{"class", point.on_front ? "bars" : "bars crowded"}});
  draw_line(page, "whisker", frame.across(point.gap), y, end, y);
  draw_line(page, "bound", end, fmt::format("{:.1f}", at - 4), end, fmt::format("{:.1f}", at + 4));
}

// In a box of 1000 units that is stretched to the plot; CSS keeps the stroke's width.
void draw_front(Markup& page, const FrontierFigure& figure, const FrontierPanel& panel) {
  std::string path;
  for (const FrontierPoint& point : panel.points)
    if (point.on_front)
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", 1000 * figure.x.at(point.gap),
                          kHeight * (1 - figure.y.at(point.quality)));
  if (path.find('L') == std::string::npos) return;
  const auto box = page.in("svg", {{"viewBox", fmt::format("0 0 1000 {}", kHeight)},
                                   {"preserveAspectRatio", "none"},
                                   {"width", "100%"},
                                   {"height", fmt::format("{}", kHeight)}});
  page.empty("path", {{"class", panel.split == data::Split::test ? "series s0 dashed" : "series s0"}, {"d", path}});
}

void draw_point(Markup& page, const SweepResults& results, const Frame& frame, const FrontierPoint& point) {
  const std::string link = report_link(results.runs[point.run].folder);
  const auto anchor = page.in("a", {{"href", link}, {"tabindex", "-1"}, {"class", "scatter-mark"}});
  page.element("title", {}, point_words(results, frame.figure, point));
  const auto place =
      page.in("svg", {{"class", "mark"}, {"x", frame.across(point.gap)}, {"y", frame.down(point.quality)}});
  draw_shape(page, point.verdict, point.on_front ? "on-front" : "off-front");
}

void draw_panel(Markup& page, const SweepResults& results, const FrontierFigure& figure, const FrontierPanel& panel) {
  const auto chart = page.in("figure", {{"class", "chart frontier-panel"}});
  page.element("figcaption", {}, panel.title);
  page.element("p", {{"class", "note"}}, figure.y_title);
  {
    const auto box = page.in("div", {{"class", "plot"}});
    const std::string title = page.next_id(), description = page.next_id();
    const auto picture = page.in("svg", {{"class", "canvas"},
                                         {"role", "group"},
                                         {"height", fmt::format("{}", kHeight)},
                                         {"aria-labelledby", title + " " + description}});
    page.element("title", {{"id", title}}, figure.title + ". " + panel.title);
    std::string words;
    for (const FrontierPoint& point : panel.points)
      if (point.on_front) words += (words.empty() ? "" : ". ") + point_words(results, figure, point);
    page.element("desc", {{"id", description}}, "Not dominated: " + (words.empty() ? "none" : words));
    draw_limits(page, figure, panel);
    draw_scales(page, figure);
    const Frame frame{figure};
    for (const FrontierPoint& point : panel.points)
      if (panel.bounds_of_all || point.on_front) draw_bound(page, frame, point);
    draw_front(page, figure, panel);
    for (const FrontierPoint& point : panel.points) draw_point(page, results, frame, point);
  }
  page.element("p", {{"class", "x-title"}}, figure.x_title);
  std::string drawn = fmt::format("{} of {} drawn", count_text(static_cast<std::int64_t>(panel.points.size())),
                                  counted(static_cast<std::int64_t>(panel.measured), "run"));
  if (panel.outside > 0) drawn += fmt::format("; {} lie far outside", panel.outside);
  page.element("p", {{"class", "note"}}, drawn + ".");
}

void write_key(Markup& page, const FrontierFigure& figure) {
  const auto key = page.in("ul", {{"class", "legend"}});
  write_verdict_keys(page);
  write_line_key(page, "series s0", "M1 11L27 3",
                 "runs of which no other is better in both, on the rows by which runs are chosen");
  write_line_key(page, "series s0 dashed", "M1 11L27 3", "the same runs on the test rows");
  write_line_key(page, "bound", "M14 1V13", "upper bound, which decides the verdict");
  if (!figure.limits.empty()) write_line_key(page, "reference", "M14 0V14", "tolerance, its figure above it");
  const bool noisy =
      std::ranges::any_of(figure.panels, [](const auto& panel) { return panel.noise_floor.has_value(); });
  if (noisy)
    write_line_key(page, "noise", "M14 1V13", "what exactly equal rates would show on so many rows, by chance");
}

}  // namespace

void draw_frontier(Markup& page, const SweepResults& results, const FrontierFigure& figure) {
  page.element("h3", {}, figure.title);
  {
    const auto charts = page.in("div", {{"class", "charts"}});
    for (const FrontierPanel& panel : figure.panels) draw_panel(page, results, figure, panel);
  }
  write_key(page, figure);
  if (figure.limits.empty() && figure.tolerances > 0)
    page.element(
        "p", {{"class", "note"}},
        fmt::format("Runs have {} tolerances, too many for a line each; a pointer on a shape tells its verdict.",
                    figure.tolerances));
}

void write_sweep_frontier(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  const auto section = page.in("section", {{"id", "frontier"}, {"aria-labelledby", "frontier-title"}});
  page.element("h2", {{"id", "frontier-title"}}, "Frontier");
  page.element("p", {{"class", "intro"}},
               fmt::format("Further to the left is fairer by the constraint, further {} is better. The line joins runs "
                           "of which no other is better in both, by the rows by which runs are chosen. On the test "
                           "rows the same runs are joined, dashed: how far they lie from where they were is what "
                           "choosing by the first rows is worth. A pointer on a shape tells the run's settings; a "
                           "click leads to its report.",
                           results.quality.is_error ? "down" : "up"));
  bool any = false;
  for (std::size_t c = 0; c < results.constraints.size(); ++c)
    if (const auto figure = frontier_figure(results, report.findings, c)) {
      draw_frontier(page, results, *figure);
      any = true;
    }
  if (!any) page.element("p", {}, "No finished run has both figures yet, so there is nothing to draw.");
}

}  // namespace equipoise::report
