#include "engine/report/verdicts.h"

#include <fmt/format.h>

#include <algorithm>

namespace equipoise::report {

using evaluation::Unmeasured;
using evaluation::Verdict;

const VerdictLook& look_of(Verdict verdict) {
  static constexpr VerdictLook kMet{"met", "met",
                                    "The gap is inside the tolerance, and so is its upper bound: with the confidence "
                                    "stated, the gap among people like "
                                    "those of the test split is no larger than allowed."};
  static constexpr VerdictLook kNotShown{"not shown", "not-shown",
                                         "The measured gap is inside the tolerance, but its upper bound is not: the "
                                         "model may well keep the constraint, and "
                                         "these data are too few to show it. More test rows would decide."};
  static constexpr VerdictLook kViolated{"violated", "violated",
                                         "The measured gap is larger than the tolerance on the test split."};
  static constexpr VerdictLook kNotEstimable{
      "not estimable", "not-estimable",
      "A rate that is needed rests on too few rows, or on a group that training never saw, so nothing is claimed. This "
      "is never counted as fair."};
  static constexpr VerdictLook kNoPromise{"no promise", "no-promise",
                                          "There is no tolerance: the figure is measured, and nothing is claimed."};
  switch (verdict) {
    case Verdict::no_promise:
      return kNoPromise;
    case Verdict::met:
      return kMet;
    case Verdict::not_shown:
      return kNotShown;
    case Verdict::violated:
      return kViolated;
    case Verdict::not_estimable:
      return kNotEstimable;
  }
  return kNotEstimable;
}

void draw_shape(Markup& page, Verdict verdict, std::string_view extra_class) {
  const std::string style = fmt::format("shape {} {}", look_of(verdict).style, extra_class);
  switch (verdict) {
    case Verdict::met:
      page.empty("circle", {{"class", style}, {"r", "5"}});
      return;
    case Verdict::not_shown:
      page.empty("path", {{"class", style}, {"d", "M0 -6.5L6.5 0L0 6.5L-6.5 0Z"}});
      return;
    case Verdict::violated:
      page.empty("path", {{"class", style}, {"d", "M0 -6L6.2 5H-6.2Z"}});
      return;
    case Verdict::no_promise:
    case Verdict::not_estimable:
      page.empty("circle", {{"class", style}, {"r", "4.5"}});
      return;
  }
}

namespace {

bool has(const evaluation::PromiseResult& promise, Unmeasured why) {
  return std::ranges::find(promise.levels, why, &evaluation::PromiseResult::LevelRate::unmeasured) !=
         promise.levels.end();
}

}  // namespace

std::string reason_of_no_gap(const evaluation::PromiseResult& promise, const std::string& where) {
  if (has(promise, Unmeasured::too_few_rows))
    return fmt::format("{} {} too few rows of a group", where, where == "the new rows" ? "have" : "has");
  if (has(promise, Unmeasured::unseen))
    return fmt::format("{} {} a group that training never saw", where,
                       where == "the new rows" ? "include" : "includes");
  if (has(promise, Unmeasured::no_stored_decision))
    return fmt::format("the stored decisions of {} are not known", where);
  return fmt::format("{} {} rows of fewer than two groups", where, where == "the new rows" ? "have" : "has");
}

std::string reason_of_no_verdict(const evaluation::ConstraintResult& constraint, const std::string& where) {
  const auto decisive =
      std::ranges::find(constraint.promises, Verdict::not_estimable, &evaluation::PromiseResult::verdict);
  return decisive == constraint.promises.end() ? fmt::format("{} shows nothing", where)
                                               : reason_of_no_gap(*decisive, where);
}

void draw_icon(Markup& page, Verdict verdict) {
  const auto icon = page.in("svg", {{"class", "icon"}, {"aria-hidden", "true"}, {"viewBox", "-8 -8 16 16"}});
  draw_shape(page, verdict);
}

void draw_badge(Markup& page, Verdict verdict) {
  draw_badge(page, verdict, look_of(verdict).word);
}

void draw_badge(Markup& page, Verdict looks, std::string_view word) {
  const auto badge = page.in("span", {{"class", fmt::format("badge {}", look_of(looks).style)}});
  draw_icon(page, looks);
  page.text(word);
}

}  // namespace equipoise::report
