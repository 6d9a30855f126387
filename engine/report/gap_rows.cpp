#include "engine/report/gap_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/evaluation/quality.h"
#include "engine/report/figures.h"
#include "engine/report/interval_plot.h"
#include "engine/report/outcomes.h"
#include "engine/report/plot_key.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::PromiseResult;
using evaluation::SplitResult;

/// "gap"; of a bound "rate", of other figures "value".
std::string figure_word(const PromiseResult& promise) {
  if (promise.form == "linear") return "value";
  const bool is_rate =
      promise.form == "at_most" || promise.form == "at_least" || promise.form == "worst" || promise.form == "from_zero";
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
  if (promise.form == "from_zero") return "; largest size, of either sign, in any group";
  if (promise.form == "ratio") return "; how far the smallest rate is below the largest";
  return "";
}

/// "true positive rate by sex within degree=none", "share of predictions above 0.4 by sex"; a class or label stands in the
/// heading.
std::string promise_name(const SplitResult& split, const PromiseResult& promise) {
  const Within within = within_of(split, promise.within);
  std::string name = promise.rate_name;
  if (is_regression(split) && !within.outcome.empty()) name += " " + within.outcome;
  if (promise.form != "linear") name += promise.grouping.empty() ? " of everyone" : " by " + promise.grouping;
  return within.control.empty() ? name : name + " within " + within.control;
}

/// The same where no heading says the class or label: "true positive rate by sex, class = high".
std::string full_name(const SplitResult& split, const PromiseResult& promise) {
  const std::string outcome = is_regression(split) ? "" : within_of(split, promise.within).outcome;
  return promise_name(split, promise) + (outcome.empty() ? "" : ", " + outcome_title(split, outcome));
}

}  // namespace

void write_gap_row(Markup& page, const Scale& scale, const SplitResult& split, const PromiseResult& promise,
                   const SplitResult* other, const PromiseResult* lighter) {
  const auto row = page.in("li", {{"class", "plot-row"}});
  const std::string name = promise_name(split, promise), full = full_name(split, promise);
  {
    const auto label = page.in("div", {{"class", "label"}});
    page.element("p", {}, name);
    page.element("p", {{"class", "note"}}, limit_text(promise) + comparison_words(promise));
  }
  IntervalTrack track;
  track.title = figure_word(promise) == "gap" ? fmt::format("Gap in {}", full) : full;
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

void write_gap_key(Markup& page, bool selection) {
  const auto key = page.in("ul", {{"class", "legend"}});
  write_line_key(page, "interval", "M2 7H26", "interval");
  write_line_key(page, "bound", "M14 1V13", "upper bound, which decides the verdict");
  write_line_key(page, "reference", "M14 0V14", "tolerance; the shaded side is allowed");
  write_line_key(page, "noise", "M14 5V14", "noise floor: the gap that equal rates would show on so few rows");
  if (selection) write_line_key(page, "interval lighter", "M2 7H26", "selection split, lighter");
}

}  // namespace equipoise::report
