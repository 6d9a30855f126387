#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/core/nearest_name.h"
#include "engine/report/figures.h"
#include "engine/report/interval_plot.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::PromiseResult;
using evaluation::SplitResult;

/// The same promise on the selection split, by its place.
const PromiseResult* counterpart(const SplitResult* other, std::size_t constraint, std::size_t promise) {
  if (!other || constraint >= other->constraints.size()) return nullptr;
  const auto& promises = other->constraints[constraint].promises;
  return promise < promises.size() ? &promises[promise] : nullptr;
}

void include(double& high, const PromiseResult& promise) {
  for (const double value : {promise.gap.value_or(0), promise.upper_bound.value_or(0), promise.tolerance,
                             promise.noise_floor, promise.interval ? promise.interval->high : 0}) {
    if (std::isfinite(value)) high = std::max(high, value);
  }
}

/// Figures that stand on one scale: those of one unit, and ratios beside gaps in points.
struct Family {
  const char* units[2];
  const char* heading;
  const char* introduction;
};
constexpr Family kFamilies[] = {
    {{"points", "percent"},
     "Gaps against their tolerance",
     "How far apart the rates of the groups lie, in percentage points: the largest difference between any two groups "
     "unless said otherwise."},
    {{"share", "share"}, "Rates against their cap", "The largest rate of any group, which must not be above the cap."},
    {{"floor", "floor"},
     "Rates against their floor",
     "The smallest rate of any group, which must not be below the floor; further to the left is higher."},
    {{"number", "number"}, "Figures against their bound", "Mean losses, their gaps, and weighted sums of rates."},
};

bool is_of(const Family& family, const PromiseResult& promise) {
  return promise.unit == family.units[0] || promise.unit == family.units[1];
}

/// One scale for every promise of both splits, so that rows compare by eye.
Scale scale_of(const Family& family, const SplitResult& split, const SplitResult* other) {
  double high = 0.01;
  for (const SplitResult* each : {&split, other}) {
    if (!each) continue;
    for (const ConstraintResult& constraint : each->constraints) {
      for (const PromiseResult& promise : constraint.promises)
        if (is_of(family, promise)) include(high, promise);
    }
  }
  const Scale percent = round_scale(0, 100 * high);
  return {0, percent.high / 100};
}

/// "gap"; of a bound "rate", of other figures "value".
std::string figure_word(const PromiseResult& promise) {
  if (promise.form == "linear") return "value";
  const bool is_rate = promise.form == "at_most" || promise.form == "at_least" || promise.form == "worst";
  return is_rate ? promise.rate_name : "gap";
}

std::string limit_word(const PromiseResult& promise) {
  if (promise.form == "worst") return "as small as it can be";
  if (promise.form == "at_most" || promise.form == "linear") return "at most";
  return promise.form == "at_least" ? "at least" : "tolerance";
}

/// "tolerance 2.0 points"
std::string limit_text(const PromiseResult& promise) {
  if (!std::isfinite(promise.tolerance)) return limit_word(promise);
  return fmt::format("{} {}", limit_word(promise), figure_text(promise.tolerance, promise.unit));
}

std::string bound_word(const PromiseResult& promise) {
  return promise.unit == "floor" ? "lower bound" : "upper bound";
}

std::string in_words(const PromiseResult& promise, const std::string& split) {
  if (!promise.gap) return fmt::format("{} split: not estimable", split);
  std::string words =
      fmt::format("{} split: {} {}", split, figure_word(promise), figure_text(promise.gap, promise.unit));
  if (promise.interval) words += fmt::format(", interval {}", figure_range(promise.interval, promise.unit));
  if (promise.upper_bound)
    words += fmt::format(", {} {}", bound_word(promise), figure_text(promise.upper_bound, promise.unit));
  return words;
}

IntervalMark mark_of(const PromiseResult& promise, const std::string& split, bool lighter) {
  IntervalMark mark;
  mark.estimate = promise.gap;
  mark.interval = promise.interval;
  mark.upper_bound = promise.upper_bound;
  if (!lighter) mark.verdict = promise.verdict;
  mark.lighter = lighter;
  mark.hover = in_words(promise, split);
  return mark;
}

void write_numbers(Markup& page, const PromiseResult& promise, const SplitResult& split) {
  const auto numbers = page.in("div", {{"class", "numbers"}});
  {
    const auto line = page.in("p", {{"class", "estimate"}});
    page.element("strong", {}, figure_text(promise.gap, promise.unit)).text(" ");
    draw_badge(page, promise.verdict);
  }
  if (!promise.gap) {
    page.element("p", {{"class", "note"}}, reason_of_no_gap(promise, split_phrase(split)));
    return;
  }
  page.element("p", {{"class", "note"}}, fmt::format("interval {}", figure_range(promise.interval, promise.unit)));
  page.element("p", {{"class", "note"}},
               fmt::format("{} {}", bound_word(promise), figure_text(promise.upper_bound, promise.unit)));
}

/// What the gap compares, where it is not the default that the introduction names.
std::string comparison_words(const PromiseResult& promise) {
  if (promise.form == "overall") {
    return promise.everyone_rate
               ? fmt::format("; largest distance to everyone's {}", percent_text(promise.everyone_rate))
               : "; largest distance to the rate over everyone";
  }
  if (promise.form == "reference") return fmt::format("; largest distance to {}", promise.reference);
  if (promise.form == "ratio") return "; how far the smallest rate is below the largest";
  return "";
}

/// "true positive rate by sex within degree=none"
std::string promise_name(const PromiseResult& promise) {
  std::string name = promise.rate_name;
  if (promise.form != "linear") name += promise.grouping.empty() ? " of everyone" : " by " + promise.grouping;
  return promise.within.empty() ? name : name + " within " + promise.within;
}

void write_row(Markup& page, const Scale& scale, const SplitResult& split, const PromiseResult& promise,
               const SplitResult* other, const PromiseResult* lighter) {
  const auto row = page.in("li", {{"class", "plot-row"}});
  const std::string name = promise_name(promise);
  {
    const auto label = page.in("div", {{"class", "label"}});
    page.element("p", {}, name);
    page.element("p", {{"class", "note"}}, limit_text(promise) + comparison_words(promise));
  }
  IntervalTrack track;
  track.title = figure_word(promise) == "gap" ? fmt::format("Gap in {}", name) : name;
  track.description = in_words(promise, split.split);
  track.marks.push_back(mark_of(promise, split.split, false));
  if (lighter) {
    track.marks.push_back(mark_of(*lighter, other->split, true));
    track.description += "; " + in_words(*lighter, other->split);
  }
  if (std::isfinite(promise.tolerance)) {
    track.reference = promise.tolerance;
    track.shaded = true;
  }
  if (promise.noise_floor > 0) track.noise_floor = promise.noise_floor;
  track.description += "; " + limit_text(promise);
  if (figure_word(promise) == "gap")
    track.description +=
        fmt::format("; equal rates would show {} on average", figure_text(promise.noise_floor, promise.unit));
  draw_track(page, scale, track);
  write_numbers(page, promise, split);
}

void write_key(Markup& page, bool selection) {
  const auto key = page.in("ul", {{"class", "legend"}});
  const auto entry = [&](std::string_view style, const std::string& path, std::string_view words) {
    const auto item = page.in("li");
    {
      const auto sample = page.in("svg", {{"class", "sample"}, {"aria-hidden", "true"}, {"viewBox", "0 0 28 14"}});
      page.empty("path", {{"class", std::string(style)}, {"d", path}});
    }
    page.text(words);
  };
  entry("interval", "M2 7H26", "interval");
  entry("bound", "M14 1V13", "upper bound, which decides the verdict");
  entry("reference", "M14 0V14", "tolerance; the shaded side is allowed");
  entry("noise", "M14 5V14", "noise floor: the gap that equal rates would show on so few rows");
  if (selection) entry("interval lighter", "M2 7H26", "selection split, lighter");
}

std::string left_out(const std::string& rate, const PromiseResult::LevelRate& level, const SplitResult& split) {
  using enum evaluation::Unmeasured;
  switch (level.unmeasured) {
    case too_few_rows:
      return fmt::format("{} rests on {} in {}: not estimable, left out of the gap.", rate, counted(level.rows, "row"),
                         split_phrase(split));
    case unseen:
      return fmt::format("{} ({}): no group that training saw, so not estimable and left out of the gap.", rate,
                         counted(level.rows, "row"));
    case no_stored_decision:
      return fmt::format("{}: the stored decisions are not known, so not estimable.", rate);
    case absent:
      return fmt::format("{}: no row in {}; nothing is said of this group.", rate, split_phrase(split));
    case empty:
      return "";
    case no:
      break;
  }
  if (level.short_splits.empty()) return "";
  return fmt::format("{} is measured here, but did not steer the training: too few rows in {}.", rate,
                     core::listed(level.short_splits));
}

void write_missing_levels(Markup& page, const SplitResult& split) {
  std::vector<std::string> sentences;
  for (const ConstraintResult& constraint : split.constraints) {
    for (const PromiseResult& promise : constraint.promises) {
      for (const PromiseResult::LevelRate& level : promise.levels) {
        const std::string of = promise.grouping.empty() ? level.level : promise.grouping + " = " + level.level;
        const std::string rate =
            fmt::format("{} of {}{}", promise.rate_name, of, promise.within.empty() ? "" : " within " + promise.within);
        const std::string sentence = left_out(rate, level, split);
        if (!sentence.empty()) sentences.push_back(sentence);
      }
    }
  }
  if (sentences.empty()) return;
  const auto list = page.in("ul", {{"class", "plain note"}});
  for (const std::string& sentence : sentences) page.element("li", {}, sentence);
}

bool has_any(const Family& family, const SplitResult& split) {
  return std::ranges::any_of(split.constraints, [&](const ConstraintResult& constraint) {
    return std::ranges::any_of(constraint.promises, [&](const PromiseResult& one) { return is_of(family, one); });
  });
}

bool has_only(const Family& family, const SplitResult& split) {
  return std::ranges::all_of(split.constraints, [&](const ConstraintResult& constraint) {
    return std::ranges::all_of(constraint.promises, [&](const PromiseResult& one) { return is_of(family, one); });
  });
}

void write_family(Markup& page, const Family& family, const SplitResult& split, const SplitResult* selection) {
  const Scale scale = scale_of(family, split, selection);
  const std::string unit = family.units[0];
  const auto list = page.in("ul", {{"class", "plot-rows gaps"}});
  for (std::size_t c = 0; c < split.constraints.size(); ++c) {
    for (std::size_t p = 0; p < split.constraints[c].promises.size(); ++p) {
      const PromiseResult& promise = split.constraints[c].promises[p];
      if (is_of(family, promise)) write_row(page, scale, split, promise, selection, counterpart(selection, c, p));
    }
  }
  const auto row = page.in("li", {{"class", "plot-row axis-row"}, {"aria-hidden", "true"}});
  page.element("div", {{"class", "label"}}, "");
  draw_track_axis(page, scale, [unit](double figure) {
    return fmt::format("{:g}", std::round(100 * shown_figure(figure, unit)) / 100);
  });
  page.element("div", {{"class", "numbers note"}}, sign_of(unit));
}

}  // namespace

void write_gaps(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "gaps"}, {"aria-labelledby", "gaps-title"}});
  const SplitResult* split = headline_split(report);
  const bool only_gaps = !split || has_only(kFamilies[0], *split);
  page.element("h2", {{"id", "gaps-title"}}, only_gaps ? kFamilies[0].heading : "Figures against what is allowed");
  if (!split || split->constraints.empty()) {
    page.element(
        "p", {},
        split ? "No constraint was set, so there is no gap to compare with a tolerance." : "Nothing was measured.");
    return;
  }
  const SplitResult* selection = split->split == "selection" ? nullptr : split_named(report, "selection");
  for (const Family& family : kFamilies) {
    if (!has_any(family, *split)) continue;
    if (!only_gaps) page.element("h3", {}, family.heading);
    page.element(
        "p", {{"class", "intro"}},
        fmt::format("{} Each line is an interval at {:.0f}\u202F% confidence on {} {} rows.", family.introduction,
                    100 * report.confidence, count_text(split->metrics.rows), split->split));
    write_family(page, family, *split, selection);
  }
  write_key(page, selection != nullptr);
  write_missing_levels(page, *split);
}

}  // namespace equipoise::report
