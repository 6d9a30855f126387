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

/// One scale for every promise of both splits, so that rows compare by eye.
Scale gap_scale(const SplitResult& split, const SplitResult* other) {
  double high = 0.01;
  for (const SplitResult* each : {&split, other}) {
    if (!each) continue;
    for (const ConstraintResult& constraint : each->constraints) {
      for (const PromiseResult& promise : constraint.promises) include(high, promise);
    }
  }
  const Scale percent = round_scale(0, 100 * high);
  return {0, percent.high / 100};
}

std::string in_words(const PromiseResult& promise, const std::string& split) {
  if (!promise.gap) return fmt::format("{} split: not estimable", split);
  std::string words = fmt::format("{} split: gap {}", split, gap_text(promise.gap, promise.form));
  if (promise.interval) words += fmt::format(", interval {}", gap_range(promise.interval));
  if (promise.upper_bound) words += fmt::format(", upper bound {}", gap_text(promise.upper_bound, promise.form));
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
    page.element("strong", {}, gap_text(promise.gap, promise.form)).text(" ");
    draw_badge(page, promise.verdict);
  }
  if (!promise.gap) {
    page.element("p", {{"class", "note"}}, reason_of_no_gap(promise, split_phrase(split)));
    return;
  }
  page.element("p", {{"class", "note"}}, fmt::format("interval {}", gap_range(promise.interval)));
  page.element("p", {{"class", "note"}}, fmt::format("upper bound {}", gap_text(promise.upper_bound, promise.form)));
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

void write_row(Markup& page, const Scale& scale, const SplitResult& split, const PromiseResult& promise,
               const SplitResult* other, const PromiseResult* lighter) {
  const auto row = page.in("li", {{"class", "plot-row"}});
  const std::string name = fmt::format("{} by {}", promise.rate_name, promise.grouping);
  {
    const auto label = page.in("div", {{"class", "label"}});
    page.element("p", {}, name);
    page.element("p", {{"class", "note"}},
                 fmt::format("tolerance {}{}", gap_text(promise.tolerance, promise.form), comparison_words(promise)));
  }
  IntervalTrack track;
  track.title = fmt::format("Gap in {}", name);
  track.description = in_words(promise, split.split);
  track.marks.push_back(mark_of(promise, split.split, false));
  if (lighter) {
    track.marks.push_back(mark_of(*lighter, other->split, true));
    track.description += "; " + in_words(*lighter, other->split);
  }
  track.reference = promise.tolerance;
  track.shaded = true;
  if (promise.noise_floor > 0) track.noise_floor = promise.noise_floor;
  track.description +=
      fmt::format("; tolerance {}; equal rates would show {} on average", gap_text(promise.tolerance, promise.form),
                  gap_text(promise.noise_floor, promise.form));
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
        const std::string rate = fmt::format("{} of {} = {}", promise.rate_name, promise.grouping, level.level);
        const std::string sentence = left_out(rate, level, split);
        if (!sentence.empty()) sentences.push_back(sentence);
      }
    }
  }
  if (sentences.empty()) return;
  const auto list = page.in("ul", {{"class", "plain note"}});
  for (const std::string& sentence : sentences) page.element("li", {}, sentence);
}

}  // namespace

void write_gaps(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "gaps"}, {"aria-labelledby", "gaps-title"}});
  page.element("h2", {{"id", "gaps-title"}}, "Gaps against their tolerance");
  const SplitResult* split = headline_split(report);
  if (!split || split->constraints.empty()) {
    page.element(
        "p", {},
        split ? "No constraint was set, so there is no gap to compare with a tolerance." : "Nothing was measured.");
    return;
  }
  const SplitResult* selection = split->split == "selection" ? nullptr : split_named(report, "selection");
  page.element("p", {{"class", "intro"}},
               fmt::format("How far apart the rates of the groups lie, in percentage points: the largest difference "
                           "between any two groups unless said otherwise. Each line is an interval at {:.0f}\u202F% "
                           "confidence on {} {} rows.",
                           100 * report.confidence, count_text(split->metrics.rows), split->split));
  const Scale scale = gap_scale(*split, selection);
  {
    const auto list = page.in("ul", {{"class", "plot-rows gaps"}});
    for (std::size_t c = 0; c < split->constraints.size(); ++c) {
      for (std::size_t p = 0; p < split->constraints[c].promises.size(); ++p) {
        write_row(page, scale, *split, split->constraints[c].promises[p], selection, counterpart(selection, c, p));
      }
    }
    const auto row = page.in("li", {{"class", "plot-row axis-row"}, {"aria-hidden", "true"}});
    page.element("div", {{"class", "label"}}, "");
    draw_track_axis(page, scale, [](double gap) { return fmt::format("{:g}", std::round(1e4 * gap) / 100); });
    page.element("div", {{"class", "numbers note"}}, "points");
  }
  write_key(page, selection != nullptr);
  write_missing_levels(page, *split);
}

}  // namespace equipoise::report
