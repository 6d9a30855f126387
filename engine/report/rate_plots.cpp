#include "engine/report/rate_plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/rates.h"
#include "engine/evaluation/quality.h"
#include "engine/report/figures.h"
#include "engine/report/interval_plot.h"
#include "engine/report/outcomes.h"

namespace equipoise::report {
namespace {

using evaluation::GroupMetrics;
using evaluation::Interval;
using evaluation::PromiseResult;

/// The rates that are drawn, and where a group's figures hold them.
struct DrawnRate {
  const char* name;
  const char* kind;  // in constraints/rates.h
  std::optional<double> GroupMetrics::*rate;
  std::optional<Interval> GroupMetrics::*interval;
  double GroupMetrics::*rows;  // effective
};
constexpr DrawnRate kRates[] = {
    {"Selection rate", "selection_rate", &GroupMetrics::selection_rate, &GroupMetrics::selection_rate_interval,
     &GroupMetrics::selection_rate_rows},
    {"True positive rate", "tpr", &GroupMetrics::true_positive_rate, &GroupMetrics::true_positive_rate_interval,
     &GroupMetrics::true_positive_rate_rows},
    {"False positive rate", "fpr", &GroupMetrics::false_positive_rate, &GroupMetrics::false_positive_rate_interval,
     &GroupMetrics::false_positive_rate_rows},
};

/// What the promises know about a level of a rate; nullptr when no promise is about it.
const PromiseResult::LevelRate* promised_level(const MeasuredGroups& measured, const DrawnRate& rate,
                                               const GroupMetrics& group) {
  for (const evaluation::ConstraintResult& constraint : measured.split.constraints) {
    for (const PromiseResult& promise : constraint.promises) {
      if (promise.rate_name != constraints::rate_entry(rate.kind).long_name || promise.grouping != group.grouping)
        continue;
      const Within within = within_of(measured.split, promise.within);
      if (within.outcome != measured.outcome || !within.control.empty()) continue;
      for (const PromiseResult::LevelRate& level : promise.levels) {
        if (level.level == group.level) return &level;
      }
    }
  }
  return nullptr;
}

/// How many rows of equal weight a group's rate rests on.
double rows_behind(const MeasuredGroups& measured, const DrawnRate& rate, const GroupMetrics& group) {
  const PromiseResult::LevelRate* level = promised_level(measured, rate, group);
  return level ? level->effective_rows : group.*rate.rows;
}

/// "21"; with weights what the rows are worth, "20.4".
std::string rows_text(double rows) {
  return rows == std::round(rows) ? count_text(std::llround(rows)) : fmt::format("{:.1f}", rows);
}

bool enough_rows(const MeasuredGroups& measured, const DrawnRate& rate, const GroupMetrics& group) {
  if (!(group.*rate.rate)) return false;
  const PromiseResult::LevelRate* level = promised_level(measured, rate, group);
  return level ? level->estimable
               : rows_behind(measured, rate, group) >= static_cast<double>(measured.report.min_rows) - 1e-9;
}

Scale rate_scale(const MeasuredGroups& measured, const DrawnRate& rate) {
  double high = 0.05;
  for (const GroupMetrics& group : measured.groups) {
    if (group.*rate.rate) high = std::max(high, *(group.*rate.rate));
    if (group.*rate.interval) high = std::max(high, (group.*rate.interval)->high);
  }
  return {0, std::min(1.0, round_scale(0, 100 * high).high / 100)};
}

void write_level(Markup& page, const MeasuredGroups& measured, const DrawnRate& rate, const Scale& scale,
                 const GroupMetrics& group) {
  const auto row = page.in("li", {{"class", "plot-row"}});
  const bool enough = enough_rows(measured, rate, group);
  const std::string value =
      enough ? percent_text(group.*rate.rate)
             : fmt::format("not estimable, n\u00A0=\u00A0{}", rows_text(rows_behind(measured, rate, group)));
  page.element("div", {{"class", "label"}}, group.level);
  IntervalTrack track;
  const std::string of = measured.outcome.empty() ? "" : " of " + outcome_title(measured.split, measured.outcome);
  track.title = fmt::format("{}{}, {} = {}", rate.name, of, group.grouping, group.level);
  track.description = enough ? fmt::format("{}, interval {}", value, percent_range(group.*rate.interval)) : value;
  IntervalMark mark;
  mark.estimate = group.*rate.rate;
  mark.interval = group.*rate.interval;
  mark.hollow = !enough;
  mark.hover = fmt::format("{}: {}", group.level, track.description);
  track.marks.push_back(mark);
  if (const GroupMetrics* all = everyone(measured.groups)) track.reference = all->*rate.rate;
  draw_track(page, scale, track);
  page.element("div", {{"class", enough ? "numbers" : "numbers note"}}, value);
}

void draw_rate(Markup& page, const MeasuredGroups& measured, const DrawnRate& rate,
               const GroupingRows<GroupMetrics>& grouping, const std::string& caption) {
  const Scale scale = rate_scale(measured, rate);
  const auto figure = page.in("figure", {{"class", "rate"}});
  page.element("figcaption", {}, fmt::format("{}{}, %", rate.name, caption));
  const auto list = page.in("ul", {{"class", "plot-rows"}});
  for (const GroupMetrics* group : grouping.levels) write_level(page, measured, rate, scale, *group);
  write_axis_row(page, scale, [](double share) { return fmt::format("{:g}", std::round(1e4 * share) / 100); });
}

}  // namespace

void draw_rates(Markup& page, const MeasuredGroups& measured, const GroupingRows<GroupMetrics>& grouping,
                const std::string& caption) {
  const auto rates = page.in("div", {{"class", "small-multiples"}});
  for (const DrawnRate& rate : kRates) draw_rate(page, measured, rate, grouping, caption);
}

}  // namespace equipoise::report
