// What came of a sweep, in the page.
#include <fmt/format.h>

#include <array>

#include "engine/core/nearest_name.h"
#include "engine/report/figures.h"
#include "engine/report/sections.h"
#include "engine/report/sweep_report.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::Verdict;
using sweep::RunResult;
using sweep::RunStatus;
using sweep::SplitFigures;
using sweep::SweepResults;

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
    page.element("span", {{"class", "number"}}, count_text(count));
    draw_badge(page, verdict);
    page.element("span", {{"class", "note"}}, words);
  }
  if (counts.without > 0)
    page.element("p", {{"class", "note"}},
                 fmt::format("{} finished without a verdict on test rows.", counted(counts.without, "run")));
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
    page.element("span", {}, moment_text(report.written));
  }
  if (const std::string text = changed_data_text(report); !text.empty()) {
    const auto box = page.in("div", {{"class", "notice strong"}, {"role", "note"}});
    page.element("h2", {}, "Not all runs learned from the same data");
    page.element("p", {}, text);
  }
  if (const std::string text = other_rows_text(report); !text.empty()) {
    const auto box = page.in("div", {{"class", "notice strong"}, {"role", "note"}});
    page.element("h2", {}, "Not all runs are tested on the same rows");
    page.element("p", {}, text);
  }
  const std::int64_t open = results.count(RunStatus::running) + results.count(RunStatus::missing) +
                            results.count(RunStatus::interrupted) + results.count(RunStatus::gone);
  if (open > 0) {
    const auto box = page.in("div", {{"class", "notice strong"}, {"role", "note"}});
    page.element("h2", {}, "This sweep is not whole");
    page.element("p", {},
                 fmt::format("{} of {} not ended yet. What is said here is of the others, and may change.", open,
                             open == 1 ? "the runs has" : "the runs have"));
  }
  write_counts(page, results);
}

}  // namespace equipoise::report
