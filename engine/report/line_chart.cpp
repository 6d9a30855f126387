#include "engine/report/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/report/figures.h"

namespace equipoise::report {
namespace {

constexpr int kHeight = 200;
constexpr std::size_t kDrawnPoints = 400;
constexpr std::size_t kHoverPoints = 48;
constexpr double kLabelSpacing = 15;

struct Frame {
  Scale x, y;

  double down(double value) const { return kHeight * (1 - y.at(value)); }
};

std::string pixels(double value) {
  return fmt::format("{:.1f}", value);
}

Frame frame_of(const LineChart& chart) {
  double x_low = std::numeric_limits<double>::infinity(), x_high = -x_low, y_low = x_low, y_high = -x_low;
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) {
      if (!std::isfinite(point.x)) continue;
      x_low = std::min(x_low, point.x);
      x_high = std::max(x_high, point.x);
      if (!std::isfinite(point.y)) continue;
      y_low = std::min(y_low, point.y);
      y_high = std::max(y_high, point.y);
    }
  }
  for (const Guide& level : chart.levels) {
    y_low = std::min(y_low, level.at);
    y_high = std::max(y_high, level.at);
  }
  if (chart.from_zero) y_low = std::min(0.0, y_low);
  const Scale x = chart.x ? *chart.x : x_high > x_low ? Scale{x_low, x_high} : Scale{x_low - 0.5, x_low + 0.5};
  const Scale y = round_scale(y_low / chart.y_unit, y_high / chart.y_unit);
  return {x, {y.low * chart.y_unit, y.high * chart.y_unit}};
}

void draw_scales(Markup& page, const LineChart& chart, const Frame& frame) {
  const std::vector<double> rows = ticks({frame.y.low / chart.y_unit, frame.y.high / chart.y_unit}, 4);
  const int digits = tick_digits(rows);
  for (const double tick : rows) {
    const std::string y = pixels(frame.down(tick * chart.y_unit));
    page.empty("line", {{"class", "grid"}, {"x1", "0"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
    page.element("text", {{"class", "tick-word"}, {"x", "-8"}, {"y", y}, {"dy", "4"}, {"text-anchor", "end"}},
                 tick_text(tick, digits));
  }
  const std::vector<double> columns = ticks(frame.x, 5);
  const int column_digits = tick_digits(columns);
  for (const double tick : columns) {
    page.element("text",
                 {{"class", "tick-word"},
                  {"x", length(frame.x.at(tick))},
                  {"y", pixels(kHeight + 18)},
                  {"text-anchor", "middle"}},
                 fmt::format("{:.{}f}", tick, column_digits));
  }
}

std::string style_of(const Series& series) {
  static constexpr const char* kStrokes[] = {"solid", "dashed", "dotted"};
  const std::string color = series.muted ? "muted" : fmt::format("s{}", series.color % 6);
  return fmt::format("series {} {}", color, kStrokes[static_cast<int>(series.stroke)]);
}

/// The line in a box of 1000 units that is stretched to the plot; CSS keeps the stroke's width.
void draw_lines(Markup& page, const LineChart& chart, const Frame& frame) {
  const auto box = page.in("svg", {{"viewBox", fmt::format("0 0 1000 {}", kHeight)},
                                   {"preserveAspectRatio", "none"},
                                   {"width", "100%"},
                                   {"height", fmt::format("{}", kHeight)}});
  for (const bool muted : {true, false}) {  // the grey ones below the others
    for (const Series& series : chart.series) {
      if (series.muted != muted) continue;
      std::string path;
      bool pen_down = false;
      for (const Point& point : thinned(series.points, kDrawnPoints)) {
        if (std::isfinite(point.y)) {
          path += fmt::format("{}{:.1f} {:.1f}", pen_down ? "L" : "M", 1000 * frame.x.at(point.x), frame.down(point.y));
        }
        pen_down = std::isfinite(point.y);
      }
      if (!path.empty()) page.empty("path", {{"class", style_of(series)}, {"d", path}});
    }
  }
}

/// Points that show their value under a pointer, and that are seen where a lone point makes no line.
void draw_points(Markup& page, const LineChart& chart, const Frame& frame) {
  for (const Series& series : chart.series) {
    const std::vector<Point> points = thinned(series.points, kHoverPoints);
    const char* kind = series.points.size() == 1 ? "lone" : "hit";
    for (const Point& point : points) {
      if (!std::isfinite(point.y) || (series.muted && points.size() > 1 && &point != &points.back())) continue;
      const auto circle = page.in("circle", {{"class", fmt::format("{} {}", kind, style_of(series))},
                                             {"cx", length(frame.x.at(point.x))},
                                             {"cy", pixels(frame.down(point.y))},
                                             {"r", "4"}});
      page.element("title", {},
                   fmt::format("{}: {} at {} {:.4g}", series.name, chart.y_word(point.y), chart.x_title, point.x));
    }
  }
}

void draw_guides(Markup& page, const LineChart& chart, const Frame& frame) {
  for (const Guide& level : chart.levels) {
    const std::string y = pixels(frame.down(level.at));
    page.empty("line", {{"class", "reference"}, {"x1", "0"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
    if (!chart.levels_in_legend)
      page.element("text", {{"class", "guide-word"}, {"x", "4"}, {"y", y}, {"dy", "-4"}}, level.name);
  }
  for (const Guide& moment : chart.moments) {
    const double at = frame.x.at(moment.at);
    page.empty(
        "line",
        {{"class", "moment"}, {"x1", length(at)}, {"x2", length(at)}, {"y1", "0"}, {"y2", fmt::format("{}", kHeight)}});
    const char* anchor = at > 0.85 ? "end" : at < 0.15 ? "start" : "middle";
    page.element("text", {{"class", "guide-word"}, {"x", length(at)}, {"y", "-6"}, {"text-anchor", anchor}},
                 moment.name);
  }
}

/// Names at the lines' ends, moved apart where lines end close together.
void draw_end_labels(Markup& page, const LineChart& chart, const Frame& frame) {
  struct Label {
    const Series* series;
    double y, end;
  };
  std::vector<Label> labels;
  for (const Series& series : chart.series) {
    if (!series.labelled_at_end) continue;
    const auto last = std::find_if(series.points.rbegin(), series.points.rend(),
                                   [](const Point& point) { return std::isfinite(point.y); });
    if (last != series.points.rend()) labels.push_back({&series, frame.down(last->y), frame.down(last->y)});
  }
  std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.y < b.y; });
  for (std::size_t i = 1; i < labels.size(); ++i) {
    labels[i].y = std::max(labels[i].y, labels[i - 1].y + kLabelSpacing);
  }
  double limit = kHeight;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label, limit -= kLabelSpacing) {
    label->y = std::min(label->y, limit);
  }
  for (const Label& label : labels) {
    const auto place = page.in("svg", {{"class", "end-label"}, {"x", "100%"}, {"y", "0"}});
    page.empty("path",
               {{"class", style_of(*label.series)}, {"d", fmt::format("M2 {:.1f}L12 {:.1f}H20", label.end, label.y)}});
    page.element("text", {{"x", "25"}, {"y", pixels(label.y)}, {"dy", "4"}}, label.series->name);
  }
}

void draw_legend_entry(Markup& page, const std::string& style, const std::string& name) {
  const auto item = page.in("li");
  {
    const auto sample = page.in("svg", {{"class", "sample"}, {"aria-hidden", "true"}, {"viewBox", "0 0 28 10"}});
    page.empty("path", {{"class", style}, {"d", "M1 5H27"}});
  }
  page.text(name);
}

void draw_legend(Markup& page, const LineChart& chart) {
  const auto list = page.in("ul", {{"class", "legend"}});
  for (const Series& series : chart.series)
    if (!series.muted) draw_legend_entry(page, style_of(series), series.name);
  if (!chart.levels_in_legend) return;
  for (const Guide& level : chart.levels) draw_legend_entry(page, "reference", level.name);
}

}  // namespace

std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most) {
  if (points.size() <= most || most < 4) return points;
  std::vector<Point> kept = {points.front()};
  const std::size_t inner = points.size() - 2, stretches = (most - 2) / 2;
  const auto lower = [](const Point& a, const Point& b) { return a.y < b.y; };
  for (std::size_t i = 0; i < stretches; ++i) {
    const auto from = points.begin() + 1 + static_cast<std::ptrdiff_t>(inner * i / stretches);
    const auto to = points.begin() + 1 + static_cast<std::ptrdiff_t>(inner * (i + 1) / stretches);
    const auto broken = std::find_if(from, to, [](const Point& point) { return !std::isfinite(point.y); });
    if (broken != to) {
      kept.push_back(*broken);
      continue;
    }
    auto [low, high] = std::minmax_element(from, to, lower);
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (high != low) kept.push_back(*high);
  }
  kept.push_back(points.back());
  return kept;
}

void draw_line_chart(Markup& page, const LineChart& chart) {
  const Frame frame = frame_of(chart);
  const bool end_labels =
      std::any_of(chart.series.begin(), chart.series.end(), [](const Series& s) { return s.labelled_at_end; });
  const auto figure = page.in("figure", {{"class", end_labels ? "chart wide" : "chart"}});
  page.element("figcaption", {}, chart.title);
  {
    const auto plot = page.in("div", {{"class", end_labels ? "plot with-end-labels" : "plot"}});
    const std::string title = page.next_id(), description = page.next_id();
    const auto picture = page.in("svg", {{"class", "canvas"},
                                         {"role", "img"},
                                         {"height", fmt::format("{}", kHeight)},
                                         {"aria-labelledby", title + " " + description}});
    page.element("title", {{"id", title}}, chart.title);
    page.element("desc", {{"id", description}}, chart.description);
    draw_scales(page, chart, frame);
    draw_lines(page, chart, frame);
    draw_guides(page, chart, frame);
    draw_points(page, chart, frame);
    if (end_labels) draw_end_labels(page, chart, frame);
  }
  page.element("p", {{"class", "x-title"}}, chart.x_title);
  if (chart.legend) draw_legend(page, chart);
}

}  // namespace equipoise::report
