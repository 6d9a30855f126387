// The table of runs in the page.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/report/figures.h"
#include "engine/report/quality.h"
#include "engine/report/sections.h"
#include "engine/report/sweep_report.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using sweep::RunResult;
using sweep::RunStatus;
using sweep::SplitFigures;
using sweep::SweepConstraint;
using sweep::SweepResults;

constexpr std::size_t kMostRuns = 400;

// All of few; of many those that were chosen or are on a frontier, those that did not finish, then as many others as there is room.
std::vector<std::size_t> listed_runs(const SweepResults& results, const sweep::SweepFindings& findings) {
  std::set<std::size_t> listed;
  const std::size_t count = results.runs.size();
  for (const sweep::Choice& choice : findings.choices)
    if (choice.run) listed.insert(*choice.run);
  for (const std::vector<std::size_t>& front : findings.fronts) listed.insert(front.begin(), front.end());
  for (std::size_t run = 0; run < count && listed.size() < kMostRuns / 2; ++run)
    if (results.runs[run].status != RunStatus::finished) listed.insert(run);
  const std::size_t step = std::max<std::size_t>(1, count / kMostRuns);
  for (std::size_t run = 0; run < count && listed.size() < kMostRuns; run += step) listed.insert(run);
  return {listed.begin(), listed.end()};
}

void write_figures(Markup& page, const SweepResults& results, const RunResult& run) {
  const SplitFigures* test = run.on(data::Split::test);
  page.element("td", {{"class", "figure"}},
               quality_text(quality_of(results, test != nullptr ? test->quality : std::nullopt)));
  for (std::size_t c = 0; c < results.constraints.size(); ++c) {
    const auto* figures = test != nullptr && test->constraints[c] ? &*test->constraints[c] : nullptr;
    const std::string& unit = results.constraints[c].unit;
    page.element("td", {{"class", "figure"}},
                 figures
                     ? fmt::format("{} ({})", figure_text(figures->gap, unit), figure_text(figures->upper_bound, unit))
                     : "\u2013");
  }
  const auto cell = page.in("td");
  const auto verdict = test != nullptr ? worst_verdict(*test) : std::nullopt;
  if (verdict) draw_badge(page, *verdict);
}

void write_run(Markup& page, const SweepResults& results, std::size_t place) {
  const RunResult& run = results.runs[place];
  const auto row = page.in("tr", {{"id", "run-" + results.plan.runs[place].id}});
  {
    const auto name = page.in("th", {{"scope", "row"}, {"class", "settings"}});
    const std::string link = run.status == RunStatus::finished ? report_link(run.folder) : "";
    if (link.empty())
      page.text(title_of(results, place));
    else
      page.element("a", {{"href", link}}, title_of(results, place));
  }
  page.element("td", {}, name_of(run.status));
  write_figures(page, results, run);
  page.element("td", {{"class", "figure"}}, run.seconds ? duration_text(*run.seconds) : "\u2013");
}

}  // namespace

void write_sweep_runs(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  const auto section = page.in("section", {{"id", "runs"}, {"aria-labelledby", "runs-title"}});
  page.element("h2", {{"id", "runs-title"}}, "Runs");
  const std::vector<std::size_t> listed = listed_runs(results, report.findings);
  page.element(
      "p", {{"class", "intro"}},
      listed.size() == results.runs.size()
          ? std::string("With their figures on the test rows; the upper bound of a gap in brackets. A name leads to "
                        "the run's own report.")
          : fmt::format("{} of {} are listed: those that were chosen or are on a frontier, some that did not "
                        "finish, and others evenly over the plan. All are in results.csv. Figures are of the test "
                        "rows; the upper bound of a gap in brackets.",
                        count_text(static_cast<std::int64_t>(listed.size())),
                        counted(static_cast<std::int64_t>(results.runs.size()), "run")));
  const auto wrap =
      page.in("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Runs"}});
  const auto table = page.in("table", {{"class", "sweep-runs"}});
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    page.element("th", {{"scope", "col"}}, "Run");
    page.element("th", {{"scope", "col"}}, "Status");
    page.element("th", {{"scope", "col"}, {"class", "figure"}}, at_the_start(results.quality.short_name));
    for (const SweepConstraint& constraint : results.constraints)
      page.element("th", {{"scope", "col"}, {"class", "figure"}}, constraint.name);
    page.element("th", {{"scope", "col"}}, "Verdict");
    page.element("th", {{"scope", "col"}, {"class", "figure"}}, "Time");
  }
  const auto body = page.in("tbody");
  for (const std::size_t run : listed) write_run(page, results, run);
}

}  // namespace equipoise::report
