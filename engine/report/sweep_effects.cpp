// What each axis does, in the page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/figures.h"
#include "engine/report/interval_plot.h"
#include "engine/report/sweep_report.h"
#include "engine/sweep/effects.h"

namespace equipoise::report {
namespace {

using evaluation::ComparedFigure;
using sweep::AxisEffect;
using sweep::EffectLevel;
using sweep::SweepResults;

std::string how_text(const AxisEffect& effect, double confidence) {
  const std::string interval = effect.over_runs ? fmt::format("{:g}\u202F% over runs", 100 * confidence)
                               : effect.seeds > 2
                                   ? fmt::format("{:g}\u202F% over {}", 100 * confidence,
                                                 counted(static_cast<std::int64_t>(effect.seeds), "seed"))
                                   : "";
  if (effect.paired)
    return fmt::format("Means over {} of runs that are alike in all other axes; {}.",
                       counted(static_cast<std::int64_t>(effect.blocks), "set"),
                       interval.empty() ? "with fewer than three seeds there are no intervals"
                                        : "intervals of the difference to the mean of a set, at " + interval);
  return fmt::format("Plain means: the other axes are not the same for each value, and may be what is seen here; {}.",
                     interval.empty() ? "without intervals" : "intervals at " + interval);
}

Scale scale_of(const AxisEffect& effect, double unit) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const EffectLevel& level : effect.levels) {
    if (!level.mean) continue;
    low = std::min({low, *level.mean, level.interval ? level.interval->low : *level.mean});
    high = std::max({high, *level.mean, level.interval ? level.interval->high : *level.mean});
  }
  const Scale shown = round_scale(low / unit, high / unit, 4);
  return {unit * shown.low, unit * shown.high};
}

void write_level(Markup& page, const AxisEffect& effect, const EffectLevel& level, const ComparedFigure& figure,
                 const Scale& scale) {
  const auto row = page.in("li", {{"class", "plot-row"}});
  page.element("div", {{"class", "label"}}, fmt::format("{} {}", effect.title, level.value));
  if (!level.mean) {
    page.element("div", {{"class", "note"}}, "");
    page.element("div", {{"class", "numbers note"}}, "not measured");
    return;
  }
  IntervalTrack track;
  track.title = fmt::format("{}: {} {}", figure.title, effect.title, level.value);
  IntervalMark mark;
  mark.estimate = level.mean;
  mark.interval = level.interval;
  mark.hover = fmt::format("{} {}: {}", effect.title, level.value, compared_text(level.mean, figure));
  if (level.interval)
    mark.hover += fmt::format(" ({} to {})", compared_text(level.interval->low, figure),
                              compared_text(level.interval->high, figure));
  track.description = mark.hover;
  track.marks = {mark};
  draw_track(page, scale, track);
  const auto numbers = page.in("div", {{"class", "numbers"}});
  page.element("span", {{"class", "estimate"}}, compared_text(level.mean, figure)).text(" ");
  page.element("span", {{"class", "note"}},
               counted(static_cast<std::int64_t>(level.runs), effect.paired ? "set" : "run"));
}

void write_effect(Markup& page, const AxisEffect& effect, const ComparedFigure& figure, double confidence) {
  const double unit = figure.unit == "number" ? 1 : 0.01;
  page.element("h4", {}, figure.title);
  page.element("p", {{"class", "note"}}, how_text(effect, confidence));
  if (std::ranges::none_of(effect.levels, [](const EffectLevel& level) { return level.mean.has_value(); })) {
    page.element("p", {}, "No run has this figure.");
    return;
  }
  const Scale scale = scale_of(effect, unit);
  const auto list = page.in("ul", {{"class", "plot-rows gaps effect"}});
  for (const EffectLevel& level : effect.levels) write_level(page, effect, level, figure, scale);
  const Scale shown{scale.low / unit, scale.high / unit};
  const int digits = tick_digits(ticks(shown, 4));
  write_axis_row(
      page, scale, [&](double value) { return tick_text(value / unit, digits); },
      unit == 1 ? "" : (figure.unit == "points" ? "points" : "%"));
}

}  // namespace

void write_sweep_effects(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  const auto section = page.in("section", {{"id", "effects"}, {"aria-labelledby", "effects-title"}});
  page.element("h2", {{"id", "effects-title"}}, "What each axis does");
  const std::vector<ComparedFigure> figures = sweep_figures(results);
  const data::Split split = report.findings.shown;
  const std::vector<AxisEffect> effects = effects_of(results, figures, split);
  if (effects.empty()) {
    page.element("p", {}, "No axis has two values among the finished runs.");
    return;
  }
  {
    const auto intro = page.in("p", {{"class", "intro"}});
    page.text(fmt::format("On the {} rows. Intervals are of one value each and are not corrected for their number; ",
                          split_word(split)));
    page.element("code", {}, "--compare");
    page.text(" tests two settings.");
  }
  std::string axis;
  for (const AxisEffect& effect : effects) {
    if (effect.title != axis) page.element("h3", {}, effect.title);
    axis = effect.title;
    write_effect(page, effect, figures[effect.figure], results.confidence);
  }
}

}  // namespace equipoise::report
