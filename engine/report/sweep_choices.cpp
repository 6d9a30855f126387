// The best run under each tolerance, in the page.
#include <fmt/format.h>

#include <algorithm>

#include "engine/report/figures.h"
#include "engine/report/quality.h"
#include "engine/report/sections.h"
#include "engine/report/sweep_report.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::Verdict;
using sweep::Choice;
using sweep::RunStatus;
using sweep::SettingRuns;
using sweep::SplitFigures;
using sweep::SweepResults;

std::string bound_text(const SweepResults& results, const Choice& choice, std::size_t run, data::Split split) {
  if (!choice.constraint) return "";
  const auto& figures = results.runs[run].on(split)->constraints[*choice.constraint];
  return figures ? figure_text(figures->upper_bound, results.constraints[*choice.constraint].unit) : "";
}

void write_run_link(Markup& page, const SweepResults& results, std::size_t run) {
  page.element("a", {{"href", report_link(results.runs[run].folder)}}, title_of(results, run));
}

// At how many seeds of its setting the run's test verdict comes out as met, of those whose test rows judge it at all.
std::string over_seeds(const std::vector<SettingRuns>& settings, const SweepResults& results, const Choice& choice,
                       std::size_t run) {
  const auto setting = std::ranges::find_if(
      settings, [&](const SettingRuns& one) { return std::ranges::find(one.runs, run) != one.runs.end(); });
  std::int64_t met = 0, judged = 0;
  for (const std::size_t other : setting->runs) {
    const SplitFigures* test = results.runs[other].on(data::Split::test);
    if (results.runs[other].status != RunStatus::finished || test == nullptr) continue;
    const auto verdict = verdict_of(choice, *test);
    judged += verdict.has_value();
    met += verdict == Verdict::met;
  }
  return judged < 2 ? "" : fmt::format("met at {} of its {} seeds", met, judged);
}

void write_choice(Markup& page, const SweepResults& results, const Choice& choice, data::Split split,
                  const std::vector<SettingRuns>& settings) {
  const auto row = page.in("tr");
  page.element("th", {{"scope", "row"}}, tolerance_words(results, choice));
  page.element("td", {{"class", "figure"}},
               fmt::format("{} of {}", count_text(choice.feasible), count_text(choice.candidates)));
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
  page.element("td", {{"class", "figure"}},
               quality_text(quality_of(results, results.runs[*choice.run].on(split)->quality)));
  page.element("td", {{"class", "figure"}}, bound_text(results, choice, *choice.run, split));
  const SplitFigures* test = results.runs[*choice.run].on(data::Split::test);
  if (test == nullptr || !test->quality) {
    page.element("td", {{"class", "note"}, {"colspan", "3"}}, "not measured on test rows");
    return;
  }
  page.element("td", {{"class", "figure"}}, quality_text(quality_of(results, test->quality)));
  page.element("td", {{"class", "figure"}}, bound_text(results, choice, *choice.run, data::Split::test));
  const auto cell = page.in("td");
  if (const auto verdict = verdict_of(choice, *test)) draw_badge(page, *verdict);
  if (const std::string words = over_seeds(settings, results, choice, *choice.run); !words.empty())
    page.element("p", {{"class", "note"}}, words);
}

}  // namespace

void write_sweep_choices(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  const auto section = page.in("section", {{"id", "choices"}, {"aria-labelledby", "choices-title"}});
  page.element("h2", {{"id", "choices-title"}}, "The best run under each tolerance");
  const auto split = report.findings.choosing;
  const std::vector<Choice>& all = report.findings.choices;
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
                               ? " There are no selection rows: the runs were trained on the rows they are chosen by, "
                                 "which flatters some of them more than others, those least that were cross-fitted."
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
          fmt::format("{} {}", at_the_start(rows), results.quality.short_name),
          fmt::format("{} bound", at_the_start(rows)), fmt::format("Test {}", results.quality.short_name),
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

}  // namespace equipoise::report
