#include "engine/report/sweep_frontier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/report/figures.h"
#include "engine/report/quality.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using sweep::SplitFigures;
using sweep::SweepResults;

constexpr std::size_t kMostPoints = 600;
constexpr std::size_t kBoundsOfAll = 48;
constexpr std::size_t kLimitLines = 6;
constexpr std::size_t kMany = 50;  // from so many runs on a few far ones do not frame the plot

std::string title_of(data::Split split) {
  if (split == data::Split::test) return "On the test rows, which had no part in any choice";
  if (split == data::Split::train) return "On the training rows, by which runs are chosen";
  return fmt::format("On the {} rows, by which runs are chosen", data::kSplitNames[static_cast<int>(split)]);
}

std::string x_title_of(const std::string& unit) {
  if (unit == "percent") return "gap, % of the larger rate";
  if (unit == "share") return "largest rate, %";
  if (unit == "floor") return "one minus the smallest rate, %";
  return unit == "points" ? "gap, points" : "figure of the constraint";
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

FrontierPanel panel_of(const SweepResults& results, std::size_t constraint, data::Split split,
                       const std::set<std::size_t>& front) {
  FrontierPanel panel;
  panel.split = split;
  panel.title = title_of(split);
  std::vector<double> floors;
  for (const std::size_t run : results.measured(split)) {
    const SplitFigures& figures = *results.runs[run].on(split);
    const auto& of = figures.constraints[constraint];
    if (!of || !of->gap || !std::isfinite(*of->gap)) continue;
    panel.points.push_back({run, *of->gap, *figures.quality, of->upper_bound, of->verdict, front.contains(run)});
    floors.push_back(of->noise_floor);
  }
  panel.measured = panel.points.size();
  if (!floors.empty() && median(floors) > 0) panel.noise_floor = median(floors);
  return panel;
}

// The share of values that frames: all of few, of many all but a hundredth at each end.
Scale frame_of(std::vector<double> values, bool many) {
  std::ranges::sort(values);
  const std::size_t cut = many ? values.size() / 100 : 0;
  return {values[cut], values[values.size() - 1 - cut]};
}

void include(Scale& scale, double value) {
  scale.low = std::min(scale.low, value);
  scale.high = std::max(scale.high, value);
}

Scale rounded(const Scale& scale, double unit, int about) {
  const Scale shown = round_scale(scale.low / unit, scale.high / unit, about);
  return {unit * shown.low, unit * shown.high};
}

void set_scales(FrontierFigure& figure) {
  std::vector<double> gaps, qualities;
  for (const FrontierPanel& panel : figure.panels)
    for (const FrontierPoint& point : panel.points) {
      gaps.push_back(point.gap);
      qualities.push_back(point.quality);
    }
  const bool many = gaps.size() > kMany;
  Scale x = frame_of(gaps, many), y = frame_of(qualities, many);
  include(x, 0);
  for (const double limit : figure.limits) include(x, limit);
  for (const FrontierPanel& panel : figure.panels)
    for (const FrontierPoint& point : panel.points) {
      if (!point.on_front && panel.points.size() > kBoundsOfAll) continue;
      include(x, point.gap);
      include(y, point.quality);
      if (point.upper_bound && std::isfinite(*point.upper_bound)) include(x, *point.upper_bound);
    }
  figure.x = rounded(x, figure.x_unit, 5);
  figure.y = rounded(y, figure.y_unit, 5);
}

// Those of the front always; of the others as many as a page can hold, evenly over the plan.
void thin_out(FrontierPanel& panel, const FrontierFigure& figure) {
  constexpr double kRounding = 1e-9;
  const auto is_outside = [&](const FrontierPoint& point) {
    return point.gap > figure.x.high + kRounding || point.quality < figure.y.low - kRounding ||
           point.quality > figure.y.high + kRounding || point.gap < figure.x.low - kRounding;
  };
  std::vector<FrontierPoint> front, others;
  for (const FrontierPoint& point : panel.points) {
    if (is_outside(point))
      ++panel.outside;
    else
      (point.on_front ? front : others).push_back(point);
  }
  const std::size_t room = kMostPoints > front.size() ? kMostPoints - front.size() : 0;
  std::vector<FrontierPoint> drawn;
  if (others.size() <= room) {
    drawn = std::move(others);
  } else {
    for (std::size_t i = 0; i < room; ++i) drawn.push_back(others[i * others.size() / room]);
  }
  std::ranges::stable_sort(front, {}, &FrontierPoint::gap);
  drawn.insert(drawn.end(), front.begin(), front.end());
  panel.points = std::move(drawn);
  panel.bounds_of_all = panel.points.size() <= kBoundsOfAll;
}

}  // namespace

std::optional<FrontierFigure> frontier_figure(const SweepResults& results, const sweep::SweepFindings& findings,
                                              std::size_t constraint) {
  FrontierFigure figure;
  figure.unit = results.constraints[constraint].unit;
  figure.title = fmt::format("{} against the gap: {}", at_the_start(results.quality.short_name),
                             results.constraints[constraint].name);
  figure.x_title = x_title_of(figure.unit);
  figure.y_title =
      results.quality.is_error ? "Root mean square error, in the units of the target; less is better" : "Accuracy, %";
  if (figure.unit == "number" || figure.unit.empty()) figure.x_unit = 1;
  if (results.quality.is_error) figure.y_unit = 1;
  const std::vector<double> tolerances = tolerances_of(results, constraint);
  figure.tolerances = tolerances.size();
  if (tolerances.size() <= kLimitLines) figure.limits = tolerances;
  const std::vector<std::size_t>& best = findings.fronts[constraint];
  const std::set<std::size_t> front(best.begin(), best.end());
  if (findings.choosing) figure.panels.push_back(panel_of(results, constraint, *findings.choosing, front));
  figure.panels.push_back(panel_of(results, constraint, data::Split::test, front));
  std::erase_if(figure.panels, [](const FrontierPanel& panel) { return panel.points.empty(); });
  if (figure.panels.empty()) return std::nullopt;
  set_scales(figure);
  for (FrontierPanel& panel : figure.panels) thin_out(panel, figure);
  return figure;
}

std::string point_words(const SweepResults& results, const FrontierFigure& figure, const FrontierPoint& point) {
  std::string words = fmt::format("{}: {} {}, {} {}", sweep::title_of(results, point.run), results.quality.short_name,
                                  quality_text(quality_of(results, point.quality)),
                                  is_gap(figure.unit) ? "gap" : "figure", figure_text(point.gap, figure.unit));
  if (point.upper_bound)
    words += fmt::format(", {} bound {}", figure.unit == "floor" ? "lower" : "upper",
                         figure_text(point.upper_bound, figure.unit));
  return words + fmt::format(": {}", look_of(point.verdict).word);
}

}  // namespace equipoise::report
