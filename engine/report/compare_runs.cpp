#include <fmt/format.h>

#include <algorithm>

#include "engine/report/compare_sections.h"
#include "engine/report/figure_table.h"
#include "engine/report/figures.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

// Runs of the arm that were measured.
std::int64_t measured(const CompareReport& report, std::size_t arm) {
  return std::ranges::count_if(report.runs, [&](const ComparedRun& run) {
    return run.arm == static_cast<std::int64_t>(arm) && !run.figures.empty();
  });
}

// Of a constraint without a tolerance nothing can be met.
bool has_tolerance(const CompareReport& report, std::size_t constraint) {
  return std::ranges::none_of(report.runs, [&](const ComparedRun& run) {
    return constraint < run.verdicts.size() && run.verdicts[constraint] == evaluation::Verdict::no_promise;
  });
}

// "3 of 5", and where a rate rests on too few rows "0 of 5 (5 not estimable)".
std::string met_text(const CompareReport& report, std::size_t constraint, std::size_t arm) {
  const auto unknown = std::ranges::count_if(report.runs, [&](const ComparedRun& run) {
    return run.arm == static_cast<std::int64_t>(arm) && constraint < run.verdicts.size() &&
           run.verdicts[constraint] == evaluation::Verdict::not_estimable;
  });
  return fmt::format("{} of {}{}", report.constraints[constraint].met[arm], measured(report, arm),
                     unknown > 0 ? fmt::format(" ({} not estimable)", unknown) : "");
}

void write_run(Markup& page, const CompareReport& report, const ComparedRun& run) {
  const auto row = page.in("tr");
  {
    const auto name = page.in("th", {{"scope", "row"}});
    const std::string& arm = report.arms[static_cast<std::size_t>(run.arm)].name;
    const std::string words = fmt::format("{}, seed {}", arm, run.seed), link = report_link(run.folder);
    if (link.empty()) {
      page.text(words);
    } else {
      page.element("a", {{"href", link}}, words);
    }
  }
  page.element("td", {{"class", "outcome"}}, run.failure.empty() ? run.outcome : run.outcome + ": " + run.failure);
  for (std::size_t f = 0; f < report.figures.size(); ++f)
    page.element("td", {{"class", "figure"}},
                 run.figures.empty() ? "\u2013" : compared_text(run.figures[f], report.figures[f]));
}

}  // namespace

void write_compare_verdicts(Markup& page, const CompareReport& report) {
  const auto section = page.in("section", {{"id", "verdicts"}, {"aria-labelledby", "verdicts-title"}});
  page.element("h2", {{"id", "verdicts-title"}}, "Constraints");
  if (report.constraints.empty()) {
    page.element("p", {}, "The config has no constraint.");
    return;
  }
  page.element("p", {{"class", "intro"}},
               "At how many seeds each of the config's constraints was met, its upper bound being inside the "
               "tolerance. They are measured "
               "in every arm, also in those that were trained without them.");
  FigureTable table;
  table.caption = "Seeds at which a constraint was met";
  table.columns = {"Constraint"};
  for (const ComparedArm& arm : report.arms) table.columns.push_back(arm.name);
  FigureTable::Block& block = table.blocks.emplace_back();
  for (std::size_t c = 0; c < report.constraints.size(); ++c) {
    std::vector<std::string>& row = block.rows.emplace_back();
    row.push_back(report.constraints[c].title);
    for (std::size_t arm = 0; arm < report.arms.size(); ++arm)
      row.push_back(has_tolerance(report, c) ? met_text(report, c, arm) : "no tolerance");
  }
  write_figure_table(page, table);
}

void write_compare_runs(Markup& page, const CompareReport& report) {
  const auto section = page.in("section", {{"id", "runs"}, {"aria-labelledby", "runs-title"}});
  page.element("h2", {{"id", "runs-title"}}, "Runs");
  page.element("p", {{"class", "intro"}},
               "Every run is a run folder like any other; its name leads to its own report.");
  const auto wrap =
      page.in("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Runs"}});
  const auto table = page.in("table");
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    page.element("th", {{"scope", "col"}}, "Run");
    page.element("th", {{"scope", "col"}}, "Outcome");
    for (const evaluation::ComparedFigure& figure : report.figures) {
      const std::string title = title_of(figure);
      const bool is_short = std::ranges::count(title, ' ') < 2;
      page.element("th", {{"scope", "col"}, {"class", is_short ? "two-words" : "more-words"}}, title);
    }
  }
  const auto body = page.in("tbody");
  for (const ComparedRun& run : report.runs) write_run(page, report, run);
}

}  // namespace equipoise::report
