#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/rates.h"
#include "engine/report/figures.h"
#include "engine/report/interval_plot.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

using evaluation::GroupMetrics;
using evaluation::Interval;
using evaluation::PromiseResult;
using evaluation::SplitResult;

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

struct GroupingRows {
  std::string name;
  std::vector<const GroupMetrics*> levels;
};

std::vector<GroupingRows> groupings_of(const SplitResult& split) {
  std::vector<GroupingRows> groupings;
  for (const GroupMetrics& group : split.metrics.groups) {
    if (group.grouping.empty()) continue;
    const auto known = std::find_if(groupings.begin(), groupings.end(),
                                    [&](const GroupingRows& rows) { return rows.name == group.grouping; });
    GroupingRows& rows = known == groupings.end() ? groupings.emplace_back() : *known;
    rows.name = group.grouping;
    rows.levels.push_back(&group);
  }
  return groupings;
}

const GroupMetrics* everyone(const SplitResult& split) {
  for (const GroupMetrics& group : split.metrics.groups) {
    if (group.grouping.empty()) return &group;
  }
  return nullptr;
}

/// What the promises know about a level of a rate; nullptr when no promise is about it.
const PromiseResult::LevelRate* promised_level(const SplitResult& split, const DrawnRate& rate,
                                               const GroupMetrics& group) {
  for (const evaluation::ConstraintResult& constraint : split.constraints) {
    for (const PromiseResult& promise : constraint.promises) {
      if (promise.rate_name != constraints::rate_entry(rate.kind).long_name || promise.grouping != group.grouping ||
          !promise.within.empty())
        continue;
      for (const PromiseResult::LevelRate& level : promise.levels) {
        if (level.level == group.level) return &level;
      }
    }
  }
  return nullptr;
}

/// How many rows of equal weight a group's rate rests on.
double rows_behind(const SplitResult& split, const DrawnRate& rate, const GroupMetrics& group) {
  const PromiseResult::LevelRate* level = promised_level(split, rate, group);
  return level ? level->effective_rows : group.*rate.rows;
}

/// "21"; with weights what the rows are worth, "20.4".
std::string rows_text(double rows) {
  return rows == std::round(rows) ? count_text(std::llround(rows)) : fmt::format("{:.1f}", rows);
}

bool enough_rows(const SplitResult& split, const DrawnRate& rate, const GroupMetrics& group, std::int64_t min_rows) {
  if (!(group.*rate.rate)) return false;
  const PromiseResult::LevelRate* level = promised_level(split, rate, group);
  return level ? level->estimable : rows_behind(split, rate, group) >= static_cast<double>(min_rows) - 1e-9;
}

Scale rate_scale(const SplitResult& split, const DrawnRate& rate) {
  double high = 0.05;
  for (const GroupMetrics& group : split.metrics.groups) {
    if (group.*rate.rate) high = std::max(high, *(group.*rate.rate));
    if (group.*rate.interval) high = std::max(high, (group.*rate.interval)->high);
  }
  return {0, std::min(1.0, round_scale(0, 100 * high).high / 100)};
}

void write_level(Markup& page, const Report& report, const SplitResult& split, const DrawnRate& rate,
                 const Scale& scale, const GroupMetrics& group) {
  const auto row = page.in("li", {{"class", "plot-row"}});
  const bool enough = enough_rows(split, rate, group, report.min_rows);
  const std::string value =
      enough ? percent_text(group.*rate.rate)
             : fmt::format("not estimable, n\u00A0=\u00A0{}", rows_text(rows_behind(split, rate, group)));
  page.element("div", {{"class", "label"}}, group.level);
  IntervalTrack track;
  track.title = fmt::format("{}, {} = {}", rate.name, group.grouping, group.level);
  track.description = enough ? fmt::format("{}, interval {}", value, percent_range(group.*rate.interval)) : value;
  IntervalMark mark;
  mark.estimate = group.*rate.rate;
  mark.interval = group.*rate.interval;
  mark.hollow = !enough;
  mark.hover = fmt::format("{}: {}", group.level, track.description);
  track.marks.push_back(mark);
  if (const GroupMetrics* all = everyone(split)) track.reference = all->*rate.rate;
  draw_track(page, scale, track);
  page.element("div", {{"class", enough ? "numbers" : "numbers note"}}, value);
}

void write_rate(Markup& page, const Report& report, const SplitResult& split, const DrawnRate& rate,
                const GroupingRows& grouping) {
  const Scale scale = rate_scale(split, rate);
  const auto figure = page.in("figure", {{"class", "rate"}});
  page.element("figcaption", {}, fmt::format("{}, %", rate.name));
  const auto list = page.in("ul", {{"class", "plot-rows"}});
  for (const GroupMetrics* group : grouping.levels) write_level(page, report, split, rate, scale, *group);
  const auto row = page.in("li", {{"class", "plot-row axis-row"}, {"aria-hidden", "true"}});
  page.element("div", {{"class", "label"}}, "");
  draw_track_axis(page, scale, [](double share) { return fmt::format("{:g}", std::round(1e4 * share) / 100); });
  page.element("div", {{"class", "numbers"}}, "");
}

void write_table_row(Markup& page, const GroupMetrics& group, std::string_view name) {
  const auto row = page.in("tr");
  page.element("th", {{"scope", "row"}}, name);
  page.element("td", {}, count_text(group.rows));
  page.element("td", {}, percent_text(group.base_rate));
  page.element("td", {}, percent_text(group.selection_rate));
  page.element("td", {}, percent_text(group.true_positive_rate));
  page.element("td", {}, percent_text(group.false_positive_rate));
  page.element("td", {}, percent_text(group.precision));
  page.element("td", {}, percent_text(group.accuracy));
  page.element("td", {}, decimal_text(group.auc, 3));
}

void write_table(Markup& page, const SplitResult& split, const GroupingRows& grouping) {
  const auto wrap = page.in("div", {{"class", "scroll"},
                                    {"tabindex", "0"},
                                    {"role", "region"},
                                    {"aria-label", fmt::format("Figures by {}", grouping.name)}});
  const auto table = page.in("table");
  page.element("caption", {}, fmt::format("Figures by {} on the {} split", grouping.name, split.split));
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    page.element("th", {{"scope", "col"}}, grouping.name);
    for (const char* name : {"n", "Base rate", "Selection rate", "TPR", "FPR", "PPV", "Accuracy", "AUC"}) {
      page.element("th", {{"scope", "col"}}, name);
    }
  }
  const auto body = page.in("tbody");
  for (const GroupMetrics* group : grouping.levels) write_table_row(page, *group, group->level);
  if (const GroupMetrics* all = everyone(split)) write_table_row(page, *all, "Everyone");
}

}  // namespace

void write_groups(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "groups"}, {"aria-labelledby", "groups-title"}});
  page.element("h2", {{"id", "groups-title"}}, "Rates per group");
  const SplitResult* split = headline_split(report);
  const std::vector<GroupingRows> groupings = split ? groupings_of(*split) : std::vector<GroupingRows>{};
  if (groupings.empty()) {
    page.element("p", {}, split ? "The config names no groups." : "Nothing was measured.");
    return;
  }
  page.element("p", {{"class", "intro"}},
               fmt::format("Dots with Wilson intervals at {:.0f}\u202F% confidence on the {} split; the dashed line is "
                           "the rate over everyone. A hollow dot rests on too few rows.",
                           100 * report.confidence, split->split));
  for (const GroupingRows& grouping : groupings) {
    page.element("h3", {}, fmt::format("By {}", grouping.name));
    {
      const auto rates = page.in("div", {{"class", "small-multiples"}});
      for (const DrawnRate& rate : kRates) write_rate(page, report, *split, rate, grouping);
    }
    write_table(page, *split, grouping);
  }
  page.element(
      "p", {{"class", "note"}},
      "Base rate: share of true positives among all rows, as labelled. Selection rate: share decided positive. "
      "TPR, FPR: share decided positive among those labelled positive, negative. PPV: share labelled positive "
      "among those decided positive. AUC: how well the score ranks. A dash: undefined, no row to divide by.");
}

}  // namespace equipoise::report
