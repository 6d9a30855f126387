#include "engine/report/interval_plot.h"

#include <fmt/format.h>

#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

constexpr int kMarkSpacing = 14;
constexpr int kMargin = 12;

void draw_line(Markup& page, std::string_view style, double from, double to, double y) {
  page.empty("line", {{"class", std::string(style)},
                      {"x1", length(from)},
                      {"x2", length(to)},
                      {"y1", fmt::format("{}", y)},
                      {"y2", fmt::format("{}", y)}});
}

void draw_upright(Markup& page, std::string_view style, double at, double from, double to) {
  page.empty("line", {{"class", std::string(style)},
                      {"x1", length(at)},
                      {"x2", length(at)},
                      {"y1", fmt::format("{}", from)},
                      {"y2", fmt::format("{}", to)}});
}

void draw_dot(Markup& page, const Scale& scale, const IntervalMark& mark, double y) {
  const auto place =
      page.in("svg", {{"class", "mark"}, {"x", length(scale.at(*mark.estimate))}, {"y", fmt::format("{}", y)}});
  const std::string lighter = mark.lighter ? "lighter" : "";
  if (mark.verdict) {
    draw_shape(page, *mark.verdict, lighter);
  } else {
    page.empty("circle", {{"class", fmt::format("dot {} {}", mark.hollow ? "hollow" : "", lighter)},
                          {"r", mark.lighter ? "3.5" : "4.5"}});
  }
}

void draw_mark(Markup& page, const Scale& scale, const IntervalMark& mark, double y) {
  if (!mark.estimate) return;
  const auto group = page.in("g");
  if (!mark.hover.empty()) page.element("title", {}, mark.hover);
  const std::string lighter = mark.lighter ? " lighter" : "";
  if (mark.upper_bound) {
    // A bound may lie inside the interval (one side against two) or beyond it (several promises share the confidence).
    draw_line(page, "whisker" + lighter, scale.at(*mark.estimate), scale.at(*mark.upper_bound), y);
    draw_upright(page, "bound" + lighter, scale.at(*mark.upper_bound), y - 5, y + 5);
  }
  if (mark.interval) {
    draw_line(page, "interval" + lighter, scale.at(mark.interval->low), scale.at(mark.interval->high), y);
  }
  draw_dot(page, scale, mark, y);
}

}  // namespace

void draw_track(Markup& page, const Scale& scale, const IntervalTrack& track) {
  const int height = 2 * kMargin + kMarkSpacing * (std::max<int>(1, static_cast<int>(track.marks.size())) - 1);
  const std::string title = page.next_id(), description = page.next_id();
  const auto picture = page.in("svg", {{"class", "track"},
                                       {"role", "img"},
                                       {"height", fmt::format("{}", height)},
                                       {"aria-labelledby", title + " " + description}});
  page.element("title", {{"id", title}}, track.title);
  page.element("desc", {{"id", description}}, track.description);
  if ((track.shaded || track.shaded_above) && track.reference) {
    const double at = scale.at(*track.reference);
    page.empty("rect", {{"class", "allowed"},
                        {"x", length(track.shaded_above ? at : 0)},
                        {"y", "0"},
                        {"width", length(track.shaded_above ? 1 - at : at)},
                        {"height", fmt::format("{}", height)}});
  }
  draw_line(page, "rule", 0, 1, height - 0.5);
  if (track.reference) draw_upright(page, "reference", scale.at(*track.reference), 0, height);
  if (track.noise_floor) draw_upright(page, "noise", scale.at(*track.noise_floor), height - 7, height);
  double y = kMargin;
  for (const IntervalMark& mark : track.marks) {
    draw_mark(page, scale, mark, y);
    y += kMarkSpacing;
  }
}

void draw_track_axis(Markup& page, const Scale& scale, const std::function<std::string(double)>& word) {
  const auto picture = page.in("svg", {{"class", "track axis"}, {"height", "22"}, {"aria-hidden", "true"}});
  for (const double tick : ticks(scale, 4)) {
    const double at = scale.at(tick);
    draw_upright(page, "tick", at, 0, 4);
    const char* anchor = at < 0.02 ? "start" : at > 0.98 ? "end" : "middle";
    page.element("text", {{"x", length(at)}, {"y", "17"}, {"text-anchor", anchor}}, word(tick));
  }
}

void write_axis_row(Markup& page, const Scale& scale, const std::function<std::string(double)>& word,
                    const std::string& unit) {
  const auto row = page.in("li", {{"class", "plot-row axis-row"}, {"aria-hidden", "true"}});
  page.element("div", {{"class", "label"}}, "");
  draw_track_axis(page, scale, word);
  page.element("div", {{"class", unit.empty() ? "numbers" : "numbers note"}}, unit);
}

}  // namespace equipoise::report
