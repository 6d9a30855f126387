#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "engine/report/sweep_comparison.h"
#include "engine/report/sweep_report.h"
#include "engine/sweep/effects.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::report {
namespace sweep_page_test {

using sweep::PlannedRun;
using sweep::Point;
using sweep::RunResult;
using sweep::RunStatus;
using sweep::sample_grid;
using sweep::sample_results;
using sweep::SampleFigures;
using sweep::SweepResults;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

SweepReport report_of(SweepResults results, bool compared = true) {
  SweepReport report(std::move(results));
  report.written = "2026-01-01T00:00:00Z";
  report.command = "equipoise sweep report s";
  report.pair = best_pair(report.results);
  if (!report.pair || !compared) return report;
  const auto figures = sweep_figures(report.results);
  report.comparison = compare_pair(report.results, *report.pair, figures,
                                   [&](std::size_t run) { return stored_figures(report.results, run, figures); });
  report.comparison_note = "Both were measured again on their test rows.";
  return report;
}

TEST(SweepPage, HasEverySectionOnceAndItsLinksLeadSomewhere) {
  const std::string html = to_html(report_of(sample_grid()));
  const PageReader reader(html);
  std::vector<std::string> ids;
  for (const Tag& section : reader.named("section")) ids.push_back(section.attributes.at("id"));
  EXPECT_THAT(ids, ElementsAre("result", "frontier", "choices", "negatives", "effects", "parallel", "pair", "arms",
                               "plots", "runs", "guide"));
  std::set<std::string> all;
  for (const Tag& tag : reader.tags())
    if (tag.attributes.contains("id")) {
      EXPECT_TRUE(all.insert(tag.attributes.at("id")).second) << tag.attributes.at("id");
    }
  for (const Tag& link : reader.named("a")) {
    const std::string& where = link.attributes.at("href");
    EXPECT_TRUE(where.starts_with("jobs/") || all.contains(where.substr(1))) << where;
  }
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_THAT(html, HasSubstr("default-src &#39;none&#39;")) << "nothing is loaded, and no script runs";
}

TEST(SweepPage, SaysWhatWasChosenHowAndWhatTheTestRowsSayOfIt) {
  const std::string html = to_html(report_of(sample_grid()));
  const std::string choices = text_of(section_of(html, "choices"));
  EXPECT_THAT(choices, HasSubstr("Chosen by the selection rows alone"));
  EXPECT_THAT(choices, HasSubstr("To choose by the test rows, and show what they say of the choice, would not be."));
  EXPECT_THAT(choices, HasSubstr("No run. The nearest is tolerance 0.01, seed 0"));
  EXPECT_THAT(choices, HasSubstr("met at 3 of its 3 seeds"));
  const std::string negatives = text_of(section_of(html, "negatives"));
  EXPECT_THAT(negatives, HasSubstr("constraints[0].tolerance = 0.01: none of 3\u00A0runs is shown to keep its own "
                                   "tolerances on the selection rows"));
  EXPECT_THAT(negatives, HasSubstr("No run failed."));
}

TEST(SweepPage, FailuresStandWithTheirReasons) {
  SweepResults results = sample_grid();
  for (const std::size_t run : {0u, 3u, 4u}) {
    results.runs[run] = {};
    results.runs[run].status = RunStatus::failed;
    results.runs[run].reason = run == 0 ? "no such column" : "memory ran out";
  }
  results.runs[5] = {};
  results.runs[6].status = RunStatus::stopped;
  const std::string html = to_html(report_of(results));
  const std::string negatives = text_of(section_of(html, "negatives"));
  EXPECT_THAT(negatives, HasSubstr("memory ran out 2 tolerance 0.03, seed 0; tolerance 0.03, seed 1"));
  EXPECT_THAT(negatives, HasSubstr("no such column 1"));
  EXPECT_THAT(negatives, HasSubstr("1\u00A0run by successive halving"));
  EXPECT_THAT(PageReader(html).text(), HasSubstr("4 finished, 1 stopped early, 3 failed and 1 is not begun"));
  EXPECT_THAT(PageReader(html).text(), HasSubstr("This sweep is not whole"));
  EXPECT_THAT(to_terminal(report_of(results), false), HasSubstr("failed (2 runs): memory ran out"));
}

TEST(SweepPage, ChangedDataAreSaidLoudly) {
  SweepResults results = sample_grid();
  for (RunResult& run : results.runs) run.data_sha256 = "one";
  EXPECT_THAT(PageReader(to_html(report_of(results))).text(), Not(HasSubstr("learned from the same data")));
  EXPECT_TRUE(to_json(report_of(results))["warnings"].empty());
  results.runs[4].data_sha256 = "two";
  const SweepReport report = report_of(results);
  EXPECT_THAT(PageReader(to_html(report)).text(), HasSubstr("Not all runs learned from the same data"));
  EXPECT_THAT(to_terminal(report, false), HasSubstr("warning: The data files changed while this sweep went on: 1 run "
                                                    "learned from other data than the most (tolerance 0.03, seed 1)"));
  EXPECT_EQ(to_json(report)["changed_data"], nlohmann::ordered_json({results.plan.runs[4].id}));
  EXPECT_EQ(to_json(report)["warnings"].size(), 1u);
}

// Of as many tolerances as a random search draws, listed by the axis, of which no run keeps its own.
SweepReport drawn_report(std::size_t count) {
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  for (std::size_t i = 0; i < count; ++i) {
    const double tolerance = 0.0041 + 0.00003 * static_cast<double>(i);
    points.push_back({{"constraints[0].tolerance", tolerance}, {"rate", i}});
    figures.push_back({0.8, 0.1, 0.2, tolerance});
  }
  return report_of(sample_results({{{"constraints[0].tolerance"}, {{0.01}}}, {{"rate"}, {{0}}}}, points, figures),
                   false);
}

TEST(SweepTerminal, ListsAreCutAndSayHowMuchMoreThereIs) {
  SweepReport report = drawn_report(30);
  for (std::size_t i = 0; i < 30; ++i) {
    RunResult& run = report.results.runs.emplace_back();
    run.status = RunStatus::failed;
    run.reason = "reason " + std::to_string(i);
    report.results.plan.runs.push_back(report.results.plan.runs[i]);
  }
  const std::string text = to_terminal(report, false);
  EXPECT_THAT(text, HasSubstr("  not shown to keep tolerances: of their runs none is shown to keep its own on the "
                              "selection rows\n    constraints[0].tolerance=0.0041 (1 run)\n"));
  EXPECT_THAT(text, HasSubstr("no run of 30 is shown to keep it on the selection rows"));
  EXPECT_THAT(text, HasSubstr("... and 18 more tolerances, in the report"));
  EXPECT_THAT(text, HasSubstr("... and 48 more such values, in the report"));
  EXPECT_THAT(text, HasSubstr("... and 18 more reasons of failures, in the report"));
  EXPECT_LT(std::ranges::count(text, '\n'), 50);
}

TEST(SweepTerminal, DrawnTolerancesAreToldFromEachOther) {
  const std::string text = to_terminal(drawn_report(3), false);
  EXPECT_THAT(text, HasSubstr("at most 0.410 points"));
  EXPECT_THAT(text, HasSubstr("at most 0.413 points"));
  EXPECT_THAT(text, HasSubstr("at most 0.416 points"));
  EXPECT_THAT(to_terminal(report_of(sample_grid()), false), HasSubstr("at most 3.0 points")) << "where one is enough";
}

TEST(SweepTerminal, TwoSettingsThatWereAskedForStandThere) {
  SweepReport report = report_of(sample_grid());
  EXPECT_THAT(to_terminal(report, false), Not(HasSubstr("pairs of runs")));
  report.is_pair_asked_for = true;
  const std::string text = to_terminal(report, false);
  EXPECT_THAT(text, HasSubstr(report.pair->second + " beside " + report.pair->first + ": 3 pairs of runs"));
  report.comparison.reset();
  report.comparison_note = "The data are gone.";
  EXPECT_THAT(to_terminal(report, false), HasSubstr("3 pairs of runs\n    The data are gone."));
}

TEST(SweepPage, WithNothingFinishedSaysSo) {
  SweepResults results = sample_grid(1);
  for (RunResult& run : results.runs) run = {};
  const std::string html = to_html(report_of(results));
  const std::string text = PageReader(html).text();
  EXPECT_THAT(text, HasSubstr("3 are not begun"));
  EXPECT_THAT(text, HasSubstr("There are no two settings with a seed in common."));
  EXPECT_NE(to_terminal(report_of(results), true), "");
  EXPECT_TRUE(to_json(report_of(results))["chosen_by"].is_null());
}

TEST(SweepPage, NamesFromUsersAreTextAndNothingElse) {
  const std::string nasty = "<script>alert(1)</script>\" onload='x' \x1b[31m";
  SweepResults results = sample_grid();
  results.plan.name = results.constraints[0].name = nasty;
  for (PlannedRun& run : results.plan.runs) run.point.front().second = nasty;
  results.runs[0].status = RunStatus::failed;
  results.runs[0].reason = nasty;
  const SweepReport report = report_of(results, false);
  const std::string html = to_html(report);
  EXPECT_NO_THROW(PageReader{html});
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(to_terminal(report, false), Not(HasSubstr("\x1b")));
}

TEST(SweepPage, LongNamesAreCutBetweenCharacters) {
  const std::string name = "aaaaaaaaaaaa\u00E9\u00E9\u00E9";
  const std::string html = to_html(report_of(sample_results(
      {{{"kind"}, {{name}, {"b"}}}, {{"rate"}, {{1}, {2}}}},
      {{{"kind", name}, {"rate", 1}}, {{"kind", "b"}, {"rate", 2}}, {{"kind", "b"}, {"rate", 1}}}, {{}, {}, {}})));
  EXPECT_THAT(section_of(html, "parallel"), HasSubstr("aaaaaaaaaaaa\u2026"));
}

TEST(SweepPage, OfThousandsOfRunsStaysSmall) {
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  for (int i = 0; i < 5000; ++i) {
    points.push_back({{"rate", 0.001 * (i + 1)}, {"seed", i % 5}});
    figures.push_back({0.7 + 0.1 * ((i * 37) % 101) / 101.0, 0.2 * ((i * 53) % 97) / 97.0, 0.3, 0.05});
  }
  const std::string html = to_html(report_of(sample_results({{{"rate"}, {}}, {{"seed"}, {}}}, points, figures), false));
  EXPECT_LT(html.size(), 2'000'000u);
  const std::string text = std::regex_replace(PageReader(html).text(), std::regex("\\s+"), " ");
  EXPECT_THAT(text, HasSubstr("400 of 5,000\u00A0runs drawn"));
  EXPECT_THAT(text, HasSubstr("400 of 5,000\u00A0runs are listed"));
}

TEST(SweepPage, OfARegressionAndOfRunsWithoutConstraints) {
  SweepResults results = sample_grid();
  results.quality = evaluation::quality_of_task("regression");
  for (RunResult& run : results.runs)
    for (auto& split : run.splits)
      if (split) split->quality_interval.reset();
  EXPECT_THAT(PageReader(to_html(report_of(results))).text(), HasSubstr("Root mean square error"));
  SweepResults without = sample_grid();
  without.constraints.clear();
  for (RunResult& run : without.runs)
    for (auto& split : run.splits)
      if (split) split->constraints.clear();
  const std::string text = PageReader(to_html(report_of(without))).text();
  EXPECT_THAT(text, HasSubstr("The runs have no constraint."));
}

TEST(SweepSentence, DoesNotHideThatNothingHeld) {
  SweepResults results = sample_grid(1);
  for (RunResult& run : results.runs)
    run.splits[static_cast<int>(data::Split::selection)]->constraints[0]->upper_bound = 0.5;
  EXPECT_THAT(sweep_sentence(report_of(results, false)), HasSubstr("No run is shown to keep any tolerance"));
}

TEST(SweepPage, OfSeedsThatTheTestRowsDidNotJudgeNothingIsCounted) {
  SweepResults results = sample_grid();
  // The last of the settings is the best under the largest tolerance; its first seed was measured, and not judged.
  results.runs[6].splits[static_cast<int>(data::Split::test)]->constraints[0].reset();
  const std::string text = text_of(section_of(to_html(report_of(results, false)), "choices"));
  EXPECT_THAT(text, HasSubstr("met at 2 of its 2 seeds"));
}

TEST(SweepReport, HasTheFindingsOfItsResults) {
  static_assert(!std::is_default_constructible_v<SweepReport>);
  const SweepReport report(sample_grid());
  EXPECT_EQ(report.findings.choosing, data::Split::selection);
  EXPECT_EQ(report.findings.fronts, findings_of(report.results).fronts);
  EXPECT_NE(to_html(report), "");
}

TEST(SweepSentence, SaysNothingOfAConstraintThatTheTestRowsDoNotHave) {
  SweepResults results = sample_grid();
  results.constraints.push_back({"error by race", "points"});
  for (RunResult& run : results.runs)
    for (auto& split : run.splits)
      if (split) split->constraints.push_back(split->constraints[0]);
  for (RunResult& run : results.runs) run.splits[static_cast<int>(data::Split::test)]->constraints[0].reset();
  SweepReport report = report_of(results, false);
  std::erase_if(report.findings.choices, [](const sweep::Choice& choice) { return choice.constraint != 0; });
  EXPECT_THAT(sweep_sentence(report), Not(HasSubstr("on the test rows: ")));
  EXPECT_THAT(to_terminal(report, false), AllOf(HasSubstr("; test accuracy 85"), Not(HasSubstr(", met"))));
  EXPECT_THAT(text_of(section_of(to_html(report), "choices")), Not(HasSubstr("met at")));
}

}  // namespace sweep_page_test
}  // namespace equipoise::report
