// What did not work, in the page.
#include <fmt/format.h>

#include <algorithm>

#include "engine/report/figures.h"
#include "engine/report/sections.h"
#include "engine/report/sweep_report.h"

namespace equipoise::report {
namespace {

using evaluation::Verdict;
using sweep::Choice;
using sweep::FailureGroup;
using sweep::NeverFeasible;
using sweep::RunStatus;
using sweep::SplitFigures;
using sweep::SweepFindings;
using sweep::SweepResults;

void write_never(Markup& page, const SweepResults& results, const SweepFindings& findings) {
  std::vector<std::string> sentences;
  const char* rows = split_word(*findings.choosing);
  for (const Choice& choice : findings.choices)
    if (!choice.run && choice.candidates > 0)
      sentences.push_back(fmt::format("{}: none of {} {} on the {} rows{}.",
                                      at_the_start(tolerance_words(results, choice)),
                                      counted(static_cast<std::int64_t>(choice.candidates), "run"),
                                      choice.unmeasured == 0 ? "has its upper bound inside" : "is shown to keep it",
                                      rows, unmeasured_words(choice)));
  for (const NeverFeasible& never : findings.never_feasible)
    sentences.push_back(fmt::format("{} = {}: none of {} is shown to keep its own tolerances on the {} rows.",
                                    never.field, never.value, counted(static_cast<std::int64_t>(never.runs), "run"),
                                    rows));
  page.element("h3", {}, "Not shown to keep tolerances");
  if (sentences.empty()) {
    page.element(
        "p", {},
        "Some run is shown to keep every tolerance, and at every value that an axis lists some run is shown to "
        "keep its own.");
    return;
  }
  page.element("p", {{"class", "intro"}},
               fmt::format("A run is shown to keep a tolerance where the upper bound of its gap on the {} rows is "
                           "inside, and every group has rows enough there to be measured. The gap itself may be inside "
                           "where the bound is not: more rows, or more room, would tell.",
                           rows));
  constexpr std::size_t kMost = 60;  // drawn tolerances are as many as runs
  const auto list = page.in("ul");
  for (std::size_t i = 0; i < sentences.size() && i < kMost; ++i) page.element("li", {}, sentences[i]);
  if (sentences.size() > kMost) page.element("li", {}, fmt::format("... and {} more.", sentences.size() - kMost));
}

void write_lost(Markup& page, const SweepResults& results, data::Split split) {
  std::int64_t kept = 0, met = 0, violated = 0;
  for (const std::size_t run : results.measured(split)) {
    const SplitFigures* test = results.runs[run].on(data::Split::test);
    if (!keeps_all(results, run, split).value_or(false) || test == nullptr) continue;
    const auto verdict = worst_verdict(*test);
    ++kept;
    met += verdict == Verdict::met;
    violated += verdict == Verdict::violated;
  }
  if (kept == 0) return;
  page.element("h3", {}, "What did not hold on new people");
  page.element("p", {},
               fmt::format("Of {} whose upper bounds are all inside on the {} rows, {} met on the test rows, {} not "
                           "shown to, and {} outside.",
                           counted(kept, "run"), split_word(split), met == 1 ? "1 is" : fmt::format("{} are", met),
                           kept - met - violated == 1 ? "1 is" : fmt::format("{} are", kept - met - violated),
                           violated == 0   ? "none is"
                           : violated == 1 ? "1 is"
                                           : fmt::format("{} are", violated)));
}

void write_failures(Markup& page, const SweepResults& results) {
  const std::vector<FailureGroup> groups = failures_of(results);
  page.element("h3", {}, "Failed runs");
  if (groups.empty()) {
    page.element("p", {}, "No run failed.");
    return;
  }
  constexpr std::size_t kMostGroups = 40, kMostTitles = 8;
  const auto wrap =
      page.in("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Failed runs"}});
  const auto table = page.in("table", {{"class", "failed"}});
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    page.element("th", {{"scope", "col"}}, "Reason");
    page.element("th", {{"scope", "col"}, {"class", "figure"}}, "Runs");
    page.element("th", {{"scope", "col"}}, "Settings");
  }
  const auto body = page.in("tbody");
  for (std::size_t i = 0; i < groups.size() && i < kMostGroups; ++i) {
    const auto row = page.in("tr");
    page.element("th", {{"scope", "row"}, {"class", "reason"}}, groups[i].reason);
    page.element("td", {{"class", "figure"}}, count_text(static_cast<std::int64_t>(groups[i].runs.size())));
    std::vector<std::string> titles;
    for (const std::size_t run : groups[i].runs) titles.push_back(title_of(results, run));
    std::string words;
    for (std::size_t t = 0; t < titles.size() && t < kMostTitles; ++t) words += (t == 0 ? "" : "; ") + titles[t];
    if (titles.size() > kMostTitles) words += fmt::format("; {} more", titles.size() - kMostTitles);
    page.element("td", {{"class", "reason note"}}, words);
  }
  if (groups.size() > kMostGroups) {
    const auto row = page.in("tr");
    page.element("td", {{"class", "note"}, {"colspan", "3"}},
                 fmt::format("{} more reasons, in results.csv", groups.size() - kMostGroups));
  }
}

}  // namespace

void write_sweep_negatives(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  const auto section = page.in("section", {{"id", "negatives"}, {"aria-labelledby", "negatives-title"}});
  page.element("h2", {{"id", "negatives-title"}}, "What did not work");
  if (report.findings.choosing) {
    write_never(page, results, report.findings);
    write_lost(page, results, *report.findings.choosing);
  }
  write_failures(page, results);
  const std::int64_t stopped = results.count(RunStatus::stopped);
  if (stopped == 0) return;
  page.element("h3", {}, "Stopped early");
  page.element("p", {},
               fmt::format("{} by successive halving. They are in results.csv, and in no figure of this page.",
                           counted(stopped, "run")));
}

}  // namespace equipoise::report
