#include "engine/report/scatter_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/figures.h"
#include "engine/report/label_places.h"
#include "engine/report/scale.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

// Places for labels are sought for a page of these widths; between them the wide ones have more room than they need.
constexpr double kWideWidth = 720;
constexpr double kNarrowWidth = 300;
constexpr std::size_t kCrowd = 12;  // so many intervals over each other are drawn lightly

struct Frame {
  Scale x, y;
  int height = 0;

  double down(double value) const { return height * (1 - y.at(value)); }
  bool holds(const ScatterMark& mark) const {
    constexpr double kRounding = 1e-9;
    return mark.x >= x.low - kRounding && mark.x <= x.high + kRounding && mark.y >= y.low - kRounding &&
           mark.y <= y.high + kRounding;
  }
};

std::string pixels(double value) {
  return fmt::format("{:.1f}", value);
}

struct Span {
  double low = 1, high = 0;
  bool any = false;

  void include(std::optional<double> value) {
    if (!value || !std::isfinite(*value)) return;
    low = any ? std::min(low, *value) : *value;
    high = any ? std::max(high, *value) : *value;
    any = true;
  }
};

Scale round_in(double unit, const Span& span, int about) {
  const Scale scale = round_scale(span.low / unit, span.high / unit, about);
  return {unit * scale.low, unit * scale.high};
}

Frame frame_of(const ScatterPlot& plot) {
  const bool all = std::none_of(plot.marks.begin(), plot.marks.end(), [](const auto& mark) { return mark.frames; });
  Span x, y;
  x.include(0);
  for (const double limit : plot.limits) x.include(limit);
  for (const ScatterMark& mark : plot.marks) {
    if (!mark.frames && !all) continue;
    for (const auto value : {std::optional(mark.x), mark.x_bound, mark.limit}) x.include(value);
    y.include(mark.y);
    if (mark.x_interval) x.include(mark.x_interval->high);
    if (mark.y_interval) {
      y.include(mark.y_interval->low);
      y.include(mark.y_interval->high);
    }
  }
  const int height = std::clamp(280 + 5 * static_cast<int>(plot.marks.size()), 300, 560);
  return {round_in(plot.x_unit, x, 8), round_in(plot.y_unit, y, 5), height};
}

void draw_scales(Markup& page, const ScatterPlot& plot, const Frame& frame) {
  const std::string height = fmt::format("{}", frame.height);
  const std::vector<double> rows = ticks({frame.y.low / plot.y_unit, frame.y.high / plot.y_unit}, 5);
  for (const double tick : rows) {
    const std::string y = pixels(frame.down(tick * plot.y_unit));
    page.empty("line", {{"class", "grid"}, {"x1", "0"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
    page.element("text", {{"class", "tick-word"}, {"x", "-8"}, {"y", y}, {"dy", "4"}, {"text-anchor", "end"}},
                 tick_text(tick, tick_digits(rows)));
  }
  const std::vector<double> columns = ticks({frame.x.low / plot.x_unit, frame.x.high / plot.x_unit}, 5);
  for (const double tick : columns) {
    const std::string x = length(frame.x.at(tick * plot.x_unit));
    page.empty("line",
               {{"class", "tick"}, {"x1", x}, {"x2", x}, {"y1", height}, {"y2", fmt::format("{}", frame.height + 4)}});
    page.element("text",
                 {{"class", "tick-word"}, {"x", x}, {"y", pixels(frame.height + 18)}, {"text-anchor", "middle"}},
                 tick_text(tick, tick_digits(columns)));
  }
}

/// To hundredths, but as it is where that would hide it.
std::string limit_word(double limit) {
  return std::abs(limit) < 1 ? tick_text(limit) : tick_text(std::round(100 * limit) / 100);
}

void draw_limits(Markup& page, const ScatterPlot& plot, const Frame& frame) {
  if (plot.limits.size() == 1) {
    page.empty("rect", {{"class", "allowed"},
                        {"x", "0"},
                        {"y", "0"},
                        {"width", length(frame.x.at(plot.limits[0]))},
                        {"height", fmt::format("{}", frame.height)}});
  }
  double free_from = -1;
  for (const double limit : plot.limits) {
    const double at = frame.x.at(limit);
    page.empty("line", {{"class", "reference"},
                        {"x1", length(at)},
                        {"x2", length(at)},
                        {"y1", "0"},
                        {"y2", fmt::format("{}", frame.height)}});
    if (at < free_from) continue;
    // In a narrow page a word takes about an eighth of the width.
    constexpr double kWord = 0.12;
    free_from = at + kWord;
    page.element(
        "text",
        {{"class", "guide-word"}, {"x", length(at)}, {"y", "-6"}, {"text-anchor", at < 0.06 ? "start" : "middle"}},
        limit_word(limit / plot.x_unit));
  }
}

void draw_across(Markup& page, std::string_view style, const Frame& frame, double from, double to, double y) {
  page.empty("line", {{"class", std::string(style)},
                      {"x1", length(frame.x.at(from))},
                      {"x2", length(frame.x.at(to))},
                      {"y1", pixels(frame.down(y))},
                      {"y2", pixels(frame.down(y))}});
}

void draw_upright(Markup& page, std::string_view style, const Frame& frame, double x, double from, double to) {
  page.empty("line", {{"class", std::string(style)},
                      {"x1", length(frame.x.at(x))},
                      {"x2", length(frame.x.at(x))},
                      {"y1", pixels(from)},
                      {"y2", pixels(to)}});
}

/// A bracket that is open to the side where the gap is allowed, tied to the mark by dots.
void draw_limit_of(Markup& page, const Frame& frame, const ScatterMark& mark) {
  draw_across(page, "tie", frame, mark.x, *mark.limit, mark.y);
  const auto place =
      page.in("svg", {{"x", length(frame.x.at(*mark.limit))}, {"y", pixels(frame.down(mark.y))}, {"class", "mark"}});
  page.empty("path", {{"class", "bracket"}, {"d", "M-4 -7H0V7H-4"}});
}

void draw_bars(Markup& page, const Frame& frame, const ScatterMark& mark) {
  const double y = frame.down(mark.y);
  if (mark.limit) draw_limit_of(page, frame, mark);
  if (mark.y_interval) {
    draw_upright(page, "bar-line", frame, mark.x, frame.down(mark.y_interval->low), frame.down(mark.y_interval->high));
  }
  if (mark.x_bound) {
    draw_across(page, "whisker", frame, mark.x, *mark.x_bound, mark.y);
    draw_upright(page, "bound", frame, *mark.x_bound, y - 5, y + 5);
  }
  if (mark.x_interval) draw_across(page, "bar-line", frame, mark.x_interval->low, mark.x_interval->high, mark.y);
}

// Of each mark that is drawn, in a page of one width.
struct Labels {
  std::vector<LabelledDot> dots;
  std::vector<std::optional<LabelPlace>> places;
};

// Of marks that lie on one another the first has the label of all.
void join_labels(const ScatterPlot& plot, const std::vector<std::size_t>& marks, std::vector<LabelledDot>& dots) {
  constexpr double kOnOneAnother = 6;  // a shape's radius
  std::vector<bool> is_joined(dots.size(), false);
  for (std::size_t i = 0; i < dots.size(); ++i) {
    if (is_joined[i]) continue;
    std::vector<std::size_t> same = {marks[i]};
    for (std::size_t j = i + 1; j < dots.size(); ++j) {
      if (is_joined[j] || std::hypot(dots[j].x - dots[i].x, dots[j].y - dots[i].y) > kOnOneAnother) continue;
      is_joined[j] = true;
      dots[j].label.clear();
      same.push_back(marks[j]);
    }
    if (same.size() > 1) dots[i].label = plot.joined_label(same);
  }
}

Labels labels_for(const ScatterPlot& plot, const std::vector<std::size_t>& marks, const Frame& frame, double width) {
  Labels labels;
  for (const std::size_t i : marks) {
    const ScatterMark& mark = plot.marks[i];
    labels.dots.push_back({width * frame.x.at(mark.x), frame.down(mark.y), mark.label});
  }
  if (plot.joined_label) join_labels(plot, marks, labels.dots);
  labels.places = label_places(labels.dots, width, frame.height);
  return labels;
}

void draw_label(Markup& page, const Labels& labels, std::size_t i, const char* style) {
  const std::optional<LabelPlace>& place = labels.places[i];
  if (!place) return;
  if (place->far) {
    page.empty("line", {{"class", fmt::format("leader {}", style)},
                        {"x1", "0"},
                        {"y1", "0"},
                        {"x2", pixels(place->tie_dx)},
                        {"y2", pixels(place->tie_dy)}});
  }
  page.element("text",
               {{"class", fmt::format("mark-label {}", style)}, {"x", pixels(place->dx)}, {"y", pixels(place->dy)}},
               labels.dots[i].label);
}

void draw_marks(Markup& page, const ScatterPlot& plot, const Frame& frame) {
  std::vector<std::size_t> marks;
  for (std::size_t i = 0; i < plot.marks.size(); ++i) {
    if (frame.holds(plot.marks[i])) marks.push_back(i);
  }
  const Labels wide = labels_for(plot, marks, frame, kWideWidth), narrow = labels_for(plot, marks, frame, kNarrowWidth);
  for (const std::size_t i : marks) {
    const auto group = page.in("g", {{"class", plot.marks.size() > kCrowd ? "bars crowded" : "bars"}});
    draw_bars(page, frame, plot.marks[i]);
  }
  // After all bars, so that no bar crosses a shape or a label.
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const ScatterMark& mark = plot.marks[marks[i]];
    const auto link = page.in("a", {{"href", mark.link}, {"tabindex", "-1"}, {"class", "scatter-mark"}});
    page.element("title", {}, mark.hover);
    const auto place =
        page.in("svg", {{"class", "mark"}, {"x", length(frame.x.at(mark.x))}, {"y", pixels(frame.down(mark.y))}});
    draw_label(page, wide, i, "at-wide");
    draw_label(page, narrow, i, "at-narrow");
    draw_shape(page, mark.verdict);
  }
}

}  // namespace

std::vector<std::string> draw_scatter_plot(Markup& page, const ScatterPlot& plot) {
  const Frame frame = frame_of(plot);
  const auto figure = page.in("figure", {{"class", "chart wide scatter"}});
  page.element("figcaption", {}, plot.title);
  page.element("p", {{"class", "note"}}, plot.y_title);
  {
    const auto box = page.in("div", {{"class", "plot"}});
    const std::string title = page.next_id(), description = page.next_id();
    const auto picture = page.in("svg", {{"class", "canvas"},
                                         {"role", "group"},
                                         {"height", fmt::format("{}", frame.height)},
                                         {"aria-labelledby", title + " " + description}});
    page.element("title", {{"id", title}}, plot.title);
    page.element("desc", {{"id", description}}, plot.description);
    draw_limits(page, plot, frame);
    draw_scales(page, plot, frame);
    draw_marks(page, plot, frame);
  }
  page.element("p", {{"class", "x-title"}}, plot.x_title);
  std::vector<std::string> outside;
  for (const ScatterMark& mark : plot.marks) {
    if (!frame.holds(mark)) outside.push_back(mark.label);
  }
  return outside;
}

}  // namespace equipoise::report
