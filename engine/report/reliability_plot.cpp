#include "engine/report/reliability_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/figures.h"
#include "engine/report/scale.h"

namespace equipoise::report {
namespace {

using evaluation::CalibrationBin;

constexpr int kHeight = 320, kSmallHeight = 200;
constexpr int kBarHeight = 72, kSmallBarHeight = 40;
constexpr double kTicks[] = {0, 0.25, 0.5, 0.75, 1};

std::string pixels(double value) {
  return fmt::format("{:.1f}", value);
}

std::string words_of(const CalibrationBin& bin) {
  return fmt::format("Scores {:.2f} to {:.2f}: mean score {}, positive {}, {}", bin.low, bin.high,
                     percent_text(bin.mean_score), percent_text(bin.positive_share), counted(bin.rows, "row"));
}

void draw_across(Markup& page, double share, int height) {
  page.element("text",
               {{"class", "tick-word"}, {"x", length(share)}, {"y", pixels(height + 18)}, {"text-anchor", "middle"}},
               fmt::format("{:.0f}", 100 * share));
}

void draw_diagram(Markup& page, const ReliabilityPlot& plot, std::int64_t most) {
  const int height = plot.small ? kSmallHeight : kHeight;
  const std::string title = page.next_id(), description = page.next_id();
  const auto picture = page.in("svg", {{"class", "canvas"},
                                       {"role", "img"},
                                       {"height", fmt::format("{}", height)},
                                       {"aria-labelledby", title + " " + description}});
  page.element("title", {{"id", title}}, plot.title);
  page.element("desc", {{"id", description}},
               "Each dot is a bin of scores: the share of rows that are positive against the mean score. On the "
               "diagonal the scores mean what they say. The figures are in the table below.");
  for (const double tick : kTicks) {
    const std::string y = pixels(height * (1 - tick));
    page.empty("line", {{"class", "grid"}, {"x1", "0"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
    page.element("text", {{"class", "tick-word"}, {"x", "-8"}, {"y", y}, {"dy", "4"}, {"text-anchor", "end"}},
                 fmt::format("{:.0f}", 100 * tick));
    draw_across(page, tick, height);
  }
  page.empty("line", {{"class", "reference"}, {"x1", "0"}, {"x2", "100%"}, {"y1", pixels(height)}, {"y2", "0"}});
  for (const CalibrationBin& bin : plot.bins) {
    if (bin.rows == 0 || !std::isfinite(bin.mean_score) || !std::isfinite(bin.positive_share)) continue;
    const double radius = 3 + 6 * std::sqrt(static_cast<double>(bin.rows) / static_cast<double>(most));
    const auto dot = page.in("circle", {{"class", "dot"},
                                        {"cx", length(std::clamp(bin.mean_score, 0.0, 1.0))},
                                        {"cy", pixels(height * (1 - std::clamp(bin.positive_share, 0.0, 1.0)))},
                                        {"r", pixels(radius)}});
    page.element("title", {}, words_of(bin));
  }
}

void draw_counts(Markup& page, const ReliabilityPlot& plot, std::int64_t most) {
  const int bar_height = plot.small ? kSmallBarHeight : kBarHeight;
  const std::string title = page.next_id(), description = page.next_id();
  const auto picture = page.in("svg", {{"class", "canvas counts"},
                                       {"role", "img"},
                                       {"height", fmt::format("{}", bar_height)},
                                       {"aria-labelledby", title + " " + description}});
  page.element("title", {{"id", title}}, plot.title + ": rows per bin of scores");
  page.element("desc", {{"id", description}}, "Bars from the lowest scores on the left to the highest on the right.");
  const double floor = bar_height;
  const std::string foot = pixels(floor);
  page.empty("line", {{"class", "rule"}, {"x1", "0"}, {"x2", "100%"}, {"y1", foot}, {"y2", foot}});
  page.element("text", {{"class", "tick-word"}, {"x", "-8"}, {"y", "14"}, {"text-anchor", "end"}}, count_text(most));
  page.element("text", {{"class", "tick-word"}, {"x", "-8"}, {"y", foot}, {"text-anchor", "end"}}, "0");
  for (const CalibrationBin& bin : plot.bins) {
    if (bin.rows == 0) continue;
    const double height = std::max(1.0, (floor - 10) * static_cast<double>(bin.rows) / static_cast<double>(most));
    const double left = std::clamp(bin.low, 0.0, 1.0), right = std::clamp(bin.high, 0.0, 1.0);
    const auto bar = page.in("rect", {{"class", "bar"},
                                      {"x", length(left + 0.05 * (right - left))},
                                      {"width", length(0.9 * (right - left))},
                                      {"y", pixels(floor - height)},
                                      {"height", pixels(height)}});
    page.element("title", {}, words_of(bin));
  }
}

}  // namespace

void draw_reliability_plot(Markup& page, const ReliabilityPlot& plot) {
  std::int64_t most = 1;
  for (const CalibrationBin& bin : plot.bins) most = std::max(most, bin.rows);
  const auto figure = page.in("figure", {{"class", "chart reliability"}});
  page.element("figcaption", {}, plot.caption);
  {
    const auto box = page.in("div", {{"class", "plot"}});
    draw_diagram(page, plot, most);
  }
  page.element("p", {{"class", "x-title"}}, "mean score, %");
  page.element("p", {{"class", "sub-caption"}}, "Rows per bin");
  const auto box = page.in("div", {{"class", "plot flush"}});
  draw_counts(page, plot, most);
}

}  // namespace equipoise::report
