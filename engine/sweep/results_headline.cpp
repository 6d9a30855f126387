// What came of a sweep, its frontier, its best runs, and what did not work.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/core/nearest_name.h"
#include "engine/report/figures.h"
#include "engine/report/quality.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"
#include "engine/sweep/frontier_panel.h"
#include "engine/sweep/results_report.h"

namespace equipoise::sweep {
namespace {

using evaluation::Verdict;
using report::counted;
using report::Markup;

const char* split_word(data::Split split) {
  return data::kSplitNames[static_cast<int>(split)];
}

struct VerdictCounts {
  std::array<std::int64_t, 5> of = {};  // [Verdict]
  std::int64_t without = 0;             // finished, without a verdict on the test rows
};

VerdictCounts verdicts_of(const SweepResults& results) {
  VerdictCounts counts;
  for (const RunResult& run : results.runs) {
    if (run.status != RunStatus::finished) continue;
    const SplitFigures* test = run.on(data::Split::test);
    const auto verdict = test ? worst_verdict(*test) : std::nullopt;
    if (verdict)
      ++counts.of[static_cast<std::size_t>(*verdict)];
    else
      ++counts.without;
  }
  return counts;
}

void write_counts(Markup& page, const SweepResults& results) {
  const VerdictCounts counts = verdicts_of(results);
  const auto section = page.in("section", {{"id", "result"}, {"aria-labelledby", "result-title"}});
  page.element("h2", {{"id", "result-title"}}, "Result");
  page.element("p", {{"class", "intro"}},
               "The worst verdict of each finished run, by its own tolerances, on the test rows.");
  const auto list = page.in("ul", {{"class", "verdict-counts"}});
  const std::pair<Verdict, const char*> lines[] = {
      {Verdict::met, "runs keep every constraint, upper bounds and all"},
      {Verdict::not_shown,
       "runs are inside every tolerance on the rows measured, which are too few to show that it holds"},
      {Verdict::violated, "runs are outside a tolerance"},
      {Verdict::not_estimable, "runs cannot be judged, because a group has too few rows"},
      {Verdict::no_promise, "runs promise nothing"}};
  for (const auto& [verdict, words] : lines) {
    const std::int64_t count = counts.of[static_cast<std::size_t>(verdict)];
    if (verdict == Verdict::no_promise && count == 0) continue;
    const auto item = page.in("li");
    page.element("span", {{"class", "number"}}, report::count_text(count));
    report::draw_badge(page, verdict);
    page.element("span", {{"class", "note"}}, words);
  }
  if (counts.without > 0)
    page.element("p", {{"class", "note"}},
                 fmt::format("{} finished without a verdict on test rows.", counted(counts.without, "run")));
}

std::string quality_text(const SweepResults& results, const SplitFigures& figures) {
  report::Quality quality = results.quality;
  quality.figure = figures.quality;
  return report::quality_text(quality);
}

std::string bound_text(const SweepResults& results, const Choice& choice, std::size_t run, data::Split split) {
  if (!choice.constraint) return "";
  const auto& figures = results.runs[run].on(split)->constraints[*choice.constraint];
  return figures ? report::figure_text(figures->upper_bound, results.constraints[*choice.constraint].unit) : "";
}

void write_run_link(Markup& page, const SweepResults& results, std::size_t run) {
  page.element("a", {{"href", report::report_link(results.runs[run].folder)}}, title_of(results, run));
}

// At how many seeds of its setting the run's test verdict comes out as met.
std::string over_seeds(const std::vector<SettingRuns>& settings, const SweepResults& results, const Choice& choice,
                       std::size_t run) {
  const auto setting = std::ranges::find_if(
      settings, [&](const SettingRuns& one) { return std::ranges::find(one.runs, run) != one.runs.end(); });
  std::int64_t met = 0, all = 0;
  for (const std::size_t other : setting->runs) {
    const SplitFigures* test = results.runs[other].on(data::Split::test);
    if (results.runs[other].status != RunStatus::finished || test == nullptr) continue;
    const auto verdict = choice.constraint && test->constraints[*choice.constraint]
                             ? std::optional(verdict_under(*test->constraints[*choice.constraint], *choice.tolerance))
                             : worst_verdict(*test);
    ++all;
    met += verdict == Verdict::met;
  }
  return all < 2 ? "" : fmt::format("met at {} of its {} seeds", met, all);
}

void write_choice(Markup& page, const SweepResults& results, const Choice& choice, data::Split split,
                  const std::vector<SettingRuns>& settings) {
  const auto row = page.in("tr");
  page.element("th", {{"scope", "row"}}, tolerance_words(results, choice));
  page.element("td", {{"class", "figure"}}, fmt::format("{} of {}", choice.feasible, choice.candidates));
  if (!choice.run) {
    const auto cell = page.in("td", {{"class", "none"}, {"colspan", "6"}});
    if (!choice.nearest) {
      page.text("No run has an upper bound.");
      return;
    }
    page.text("No run. The nearest is ");
    write_run_link(page, results, *choice.nearest);
    const std::string bound = bound_text(results, choice, *choice.nearest, split);
    page.text(bound.empty() ? "."
                            : fmt::format(", with an upper bound of {} on the {} rows.", bound, split_word(split)));
    return;
  }
  {
    const auto cell = page.in("td", {{"class", "settings"}});
    write_run_link(page, results, *choice.run);
  }
  page.element("td", {{"class", "figure"}}, quality_text(results, *results.runs[*choice.run].on(split)));
  page.element("td", {{"class", "figure"}}, bound_text(results, choice, *choice.run, split));
  const SplitFigures* test = results.runs[*choice.run].on(data::Split::test);
  if (test == nullptr || !test->quality) {
    page.element("td", {{"class", "note"}, {"colspan", "3"}}, "not measured on test rows");
    return;
  }
  page.element("td", {{"class", "figure"}}, quality_text(results, *test));
  page.element("td", {{"class", "figure"}}, bound_text(results, choice, *choice.run, data::Split::test));
  const auto verdict = choice.constraint && test->constraints[*choice.constraint]
                           ? std::optional(verdict_under(*test->constraints[*choice.constraint], *choice.tolerance))
                           : worst_verdict(*test);
  const auto cell = page.in("td");
  if (verdict) report::draw_badge(page, *verdict);
  if (const std::string words = over_seeds(settings, results, choice, *choice.run); !words.empty())
    page.element("p", {{"class", "note"}}, words);
}

void write_never(Markup& page, const SweepResults& results, data::Split split) {
  std::vector<std::string> sentences;
  const char* rows = split_word(split);
  for (const Choice& choice : choices(results, split))
    if (!choice.run && choice.candidates > 0)
      sentences.push_back(fmt::format("{}: none of {} has its upper bound inside on the {} rows.",
                                      report::at_the_start(tolerance_words(results, choice)),
                                      counted(static_cast<std::int64_t>(choice.candidates), "run"), rows));
  for (const NeverFeasible& never : never_feasible(results, split))
    sentences.push_back(fmt::format("{} = {}: none of {} keeps its own tolerances on the {} rows.", never.field,
                                    never.value, counted(static_cast<std::int64_t>(never.runs), "run"), rows));
  page.element("h3", {}, "Never feasible");
  if (sentences.empty()) {
    page.element(
        "p", {},
        "Every tolerance is kept by some run, and some run keeps its tolerances at every value of every axis.");
    return;
  }
  const auto list = page.in("ul");
  for (const std::string& sentence : sentences) page.element("li", {}, sentence);
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
    page.element("td", {{"class", "figure"}}, report::count_text(static_cast<std::int64_t>(groups[i].runs.size())));
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

void write_sweep_headline(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  {
    const auto header = page.in("header", {{"class", "masthead"}});
    page.element("p", {{"class", "overline"}}, "Equipoise sweep");
    page.element("h1", {}, results.plan.name.empty() ? "Unnamed sweep" : results.plan.name);
    page.element("p", {{"class", "lead"}}, sweep_sentence(report));
    const auto facts = page.in("p", {{"class", "facts"}});
    page.element("span", {}, fmt::format("search: {}", results.plan.search));
    page.element("span", {}, counted(static_cast<std::int64_t>(results.plan.jobs.size()), "job"));
    page.element("span", {}, "axes: " + core::listed(results.fields, 12));
    page.element("span", {}, report::moment_text(report.written));
  }
  const std::int64_t open =
      results.count(RunStatus::running) + results.count(RunStatus::missing) + results.count(RunStatus::interrupted);
  if (open > 0) {
    const auto box = page.in("div", {{"class", "notice strong"}, {"role", "note"}});
    page.element("h2", {}, "This sweep is not whole");
    page.element("p", {},
                 fmt::format("{} of {} not ended yet. What is said here is of the others, and may change.", open,
                             open == 1 ? "the runs has" : "the runs have"));
  }
  write_counts(page, results);
}

void write_sweep_frontier(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  const auto section = page.in("section", {{"id", "frontier"}, {"aria-labelledby", "frontier-title"}});
  page.element("h2", {{"id", "frontier-title"}}, "Frontier");
  page.element("p", {{"class", "intro"}},
               fmt::format("Further to the left is fairer by the constraint, further {} is better. The line joins runs "
                           "of which no other is better in both, by the rows by which runs are chosen. On the test "
                           "rows the same runs are joined, dashed: how far they lie from where they were is what "
                           "choosing by the first rows is worth. A pointer on a shape tells the run's settings; a "
                           "click leads to its report.",
                           results.quality.is_error ? "down" : "up"));
  bool any = false;
  for (std::size_t c = 0; c < results.constraints.size(); ++c)
    if (const auto figure = frontier_figure(results, c)) {
      draw_frontier(page, results, *figure);
      any = true;
    }
  if (!any) page.element("p", {}, "No finished run has both figures yet, so there is nothing to draw.");
}

void write_sweep_choices(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  const auto section = page.in("section", {{"id", "choices"}, {"aria-labelledby", "choices-title"}});
  page.element("h2", {{"id", "choices-title"}}, "The best run under each tolerance");
  const auto split = choosing_split(results);
  const std::vector<Choice> all = split ? choices(results, *split) : std::vector<Choice>{};
  if (all.empty()) {
    page.element("p", {},
                 split ? "No constraint of the runs has a tolerance."
                       : "No finished run was measured on rows by which one could be chosen.");
    return;
  }
  const char* rows = split_word(*split);
  page.element("p", {{"class", "intro"}},
               fmt::format("Chosen by the {0} rows alone: of the runs whose upper bound there is inside the tolerance, "
                           "the one with the best {1} there. The test rows had no part in it, so what they say of the "
                           "chosen run is as honest as for a run that was trained alone. To choose by the test rows, "
                           "and show what they say of the choice, would not be.{2}",
                           rows, results.quality.name,
                           *split == data::Split::train
                               ? " There are no selection rows: the runs were fitted to the rows they are chosen by, "
                                 "which flatters some of them more than others."
                               : ""));
  const auto wrap =
      page.in("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Best runs"}});
  const auto table = page.in("table", {{"class", "choices"}});
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    page.element("th", {{"scope", "col"}}, "What must be kept");
    for (const std::string& name :
         {std::string("Keep it"), std::string("Best run"),
          fmt::format("{} {}", report::at_the_start(rows), results.quality.short_name),
          fmt::format("{} bound", report::at_the_start(rows)), fmt::format("Test {}", results.quality.short_name),
          std::string("Test bound"), std::string("Test verdict")})
      page.element(
          "th", {{"scope", "col"}, {"class", name == "Best run" || name == "Test verdict" ? "words" : "figure"}}, name);
  }
  const std::vector<SettingRuns> settings = settings_of(results);
  const auto body = page.in("tbody");
  constexpr std::size_t kMost = 60;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all.size() <= kMost || !all[i].constraint || i % ((all.size() + kMost - 1) / kMost) == 0)
      write_choice(page, results, all[i], *split, settings);
}

void write_sweep_negatives(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  const auto section = page.in("section", {{"id", "negatives"}, {"aria-labelledby", "negatives-title"}});
  page.element("h2", {{"id", "negatives-title"}}, "What did not work");
  if (const auto split = choosing_split(results)) {
    write_never(page, results, *split);
    write_lost(page, results, *split);
  }
  write_failures(page, results);
  const std::int64_t stopped = results.count(RunStatus::stopped);
  if (stopped == 0) return;
  page.element("h3", {}, "Stopped early");
  page.element("p", {},
               fmt::format("{} by successive halving. They are in results.csv, and in no figure of this page.",
                           counted(stopped, "run")));
}

}  // namespace equipoise::sweep
