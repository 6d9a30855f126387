#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/report/figures.h"
#include "engine/report/quality.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::SplitResult;
using evaluation::Verdict;

std::string sentence_of_one(const ConstraintResult& constraint, const std::string& where) {
  switch (constraint.verdict) {
    case Verdict::no_promise:
      return fmt::format("The model promises nothing on {}; its constraint is an aim.", where);
    case Verdict::met:
      return fmt::format("The model keeps its fairness constraint on {}.", where);
    case Verdict::not_shown:
      return fmt::format("The model may keep its fairness constraint, but {} is too small to show it.", where);
    case Verdict::violated:
      return fmt::format("The model breaks its fairness constraint on {}.", where);
    case Verdict::not_estimable:
      return fmt::format("Whether the model keeps its fairness constraint cannot be said: {}.",
                         reason_of_no_verdict(constraint, where));
  }
  return "";
}

/// "1 of 3 constraints is violated, 2 are met (test split)."
std::string sentence_of_many(const std::vector<ConstraintResult>& constraints, const std::string& where) {
  constexpr std::array kWorstFirst = {Verdict::violated, Verdict::not_estimable, Verdict::not_shown, Verdict::met,
                                      Verdict::no_promise};
  std::string parts;
  for (const Verdict verdict : kWorstFirst) {
    const auto n = std::count_if(constraints.begin(), constraints.end(),
                                 [&](const ConstraintResult& constraint) { return constraint.verdict == verdict; });
    if (n == 0) continue;
    if (verdict == Verdict::no_promise) {
      parts += fmt::format("{}{} {} an aim without a promise", parts.empty() ? "" : ", ", n, n == 1 ? "is" : "are");
      continue;
    }
    if (static_cast<std::size_t>(n) == constraints.size()) {
      return fmt::format("All {} fairness constraints are {} on {}.", n, look_of(verdict).word, where);
    }
    if (parts.empty()) {
      parts = fmt::format("{} of {} fairness constraints {} {}", n, constraints.size(), n == 1 ? "is" : "are",
                          look_of(verdict).word);
    } else {
      parts += fmt::format(", {} {} {}", n, n == 1 ? "is" : "are", look_of(verdict).word);
    }
  }
  return fmt::format("{} on {}.", parts, where);
}

void write_masthead(Markup& page, const Report& report) {
  const auto header = page.in("header", {{"class", "masthead"}});
  page.element("p", {{"class", "overline"}}, "Equipoise run report");
  page.element("h1", {}, report.name.empty() ? "Unnamed run" : report.name);
  page.element("p", {{"class", "lead"}}, verdict_sentence(report));
  const auto facts = page.in("p", {{"class", "facts"}});
  if (!report.finished.empty()) {
    const char* ended = report.outcome == "finished" ? "Finished" : "Stopped";
    page.element("span", {}, fmt::format("{} {}", ended, moment_text(report.finished)));
  }
  if (!report.model.empty()) page.element("span", {}, report.model);
  if (!report.device.empty()) page.element("span", {}, fmt::format("trained on {}", report.device));
}

void write_outcome(Markup& page, const Report& report) {
  if (report.outcome == "finished") return;
  const auto box = page.in("div", {{"class", "notice strong"}, {"role", "note"}});
  if (report.outcome == "interrupted") {
    page.element("h2", {}, "This run was interrupted");
    page.element("p", {}, "Training stopped before its last epoch. Everything below describes what was there by then.");
  } else if (report.outcome == "diverged") {
    page.element("h2", {}, "Training diverged");
    page.element("p", {}, "The computation left the finite numbers. What is measured below is the last good model.");
  } else if (report.outcome == "stopped") {
    page.element("h2", {}, "This run was stopped early");
    page.element(
        "p", {},
        "Its sweep has runs that are more accurate and fairer. Everything below describes what was there by then.");
  } else {
    page.element("h2", {}, fmt::format("Outcome: {}", report.outcome));
  }
}

void write_constraint(Markup& page, const ConstraintResult& constraint) {
  const auto item = page.in("li", {{"class", "verdict"}});
  draw_badge(page, constraint.verdict);
  const auto words = page.in("div");
  page.element("p", {{"class", "sentence"}}, constraint.sentence.empty() ? constraint.title : constraint.sentence);
  if (!constraint.sentence.empty()) page.element("p", {{"class", "note"}}, constraint.title);
}

void write_result(Markup& page, const Report& report, const SplitResult& split) {
  if (split.constraints.empty()) {
    page.element("p", {},
                 fmt::format("No fairness constraint was set for this run. The {} per group below show how the model "
                             "treats each group; nothing about them is promised.",
                             is_regression(split) ? "means and errors" : "rates"));
  } else {
    const auto list = page.in("ul", {{"class", "verdicts"}});
    for (const ConstraintResult& constraint : split.constraints) write_constraint(page, constraint);
  }
  if (split.joint) page.element("p", {{"class", "joint"}}, split.joint->sentence);
  write_result_figures(page, report, split);
}

/// What decides, where that is more than one model.
std::string members_sentence(const Report& report, const SplitResult* split) {
  const bool regression = split && is_regression(*split);
  return fmt::format("The model is {} members that {} together, by the mean of their {}.", count_text(report.members),
                     regression ? "predict" : "decide", regression ? "predictions" : "scores");
}

}  // namespace

std::string split_phrase(const SplitResult& split) {
  return split.split == "new rows" ? "the new rows" : fmt::format("the {} split", split.split);
}

void write_warnings(Markup& page, const std::vector<std::string>& warnings) {
  if (warnings.empty()) return;
  const auto box = page.in("aside", {{"class", "notice"}, {"aria-labelledby", "warnings-title"}});
  page.element("h2", {{"id", "warnings-title"}},
               warnings.size() == 1 ? "1 warning" : fmt::format("{} warnings", warnings.size()));
  const auto list = page.in("ul");
  for (const std::string& warning : warnings) page.element("li", {}, spelt_out(warning));
}

const SplitResult* split_named(const Report& report, const std::string& name) {
  for (const SplitResult& split : report.splits) {
    if (split.split == name) return &split;
  }
  return nullptr;
}

const SplitResult* headline_split(const Report& report) {
  const SplitResult* test = split_named(report, "test");
  return test || report.splits.empty() ? test : &report.splits.front();
}

std::string verdict_sentence(const Report& report) {
  const SplitResult* split = headline_split(report);
  if (!split) return "The model was not measured, so nothing is claimed about it.";
  const std::string where = split_phrase(*split);
  if (split->split != "test" && split->split != "new rows" && !split->constraints.empty()) {
    return fmt::format(
        "This is about {}, which the training used: it shows nothing about people the model has not met.", where);
  }
  if (split->constraints.empty()) {
    const Quality quality = quality_of(*split);
    return fmt::format("No fairness constraint was set; the {} on {} is {}.", quality.name, where,
                       quality_text(quality));
  }
  if (split->constraints.size() == 1) return sentence_of_one(split->constraints.front(), where);
  return sentence_of_many(split->constraints, where);
}

void write_headline(Markup& page, const Report& report) {
  write_masthead(page, report);
  write_outcome(page, report);
  const SplitResult* split = headline_split(report);
  {
    const auto section = page.in("section", {{"id", "result"}, {"aria-labelledby", "result-title"}});
    page.element("h2", {{"id", "result-title"}}, "Result");
    if (split) {
      write_result(page, report, *split);
    } else {
      page.element("p", {}, "No split was measured in this run.");
    }
    if (!report.kept.empty()) page.element("p", {{"class", "kept"}}, spelt_out(report.kept));
    if (report.members > 1) page.element("p", {{"class", "kept"}}, members_sentence(report, split));
  }
  write_warnings(page, report.warnings);
}

}  // namespace equipoise::report
