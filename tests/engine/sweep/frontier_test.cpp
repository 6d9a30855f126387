#include "engine/sweep/frontier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/sweep/frontier_panel.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

SweepResults random_results(unsigned seed, std::size_t count) {
  std::mt19937 draws(seed);
  const auto one_of = [&](int steps) { return static_cast<double>(draws() % static_cast<unsigned>(steps)); };
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back({{"x", i}});
    const double gap = 0.005 * one_of(20);  // ties among them
    figures.push_back({0.7 + 0.01 * one_of(20), gap, gap + 0.01, 0.05});
  }
  return sample_results({{{"x"}, {}}}, points, figures);
}

TEST(Frontier, IsWhatNoOtherRunIsBetterThanInBoth) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const SweepResults results = random_results(seed, 40);
    const auto at = [&](std::size_t run) {
      const SplitFigures& figures = *results.runs[run].on(data::Split::test);
      return std::pair(*figures.constraints[0]->gap, *figures.quality);
    };
    const std::vector<std::size_t> front = non_dominated(results, 0, data::Split::test);
    std::set<std::pair<double, double>> expected, found;
    for (std::size_t run = 0; run < results.runs.size(); ++run) {
      bool dominated = false;
      for (std::size_t other = 0; other < results.runs.size(); ++other)
        dominated = dominated ||
                    (at(other).first <= at(run).first && at(other).second >= at(run).second && at(other) != at(run));
      if (!dominated) expected.insert(at(run));
    }
    for (const std::size_t run : front) EXPECT_TRUE(found.insert(at(run)).second) << "of equals one";
    EXPECT_EQ(found, expected) << seed;
    EXPECT_TRUE(std::ranges::is_sorted(front, {}, [&](std::size_t run) { return at(run).first; }));
  }
}

TEST(Frontier, OfErrorsLessIsBetter) {
  SweepResults results = sample_grid(1);
  results.quality = evaluation::quality_of_task("regression");
  // The smallest gap has the smallest error.
  EXPECT_THAT(non_dominated(results, 0, data::Split::test), ElementsAre(0));
}

TEST(Choices, AreMadeByTheSelectionRowsAlone) {
  SweepResults results = sample_grid(1);
  // On the test rows the chosen run is far outside.
  results.runs[2].splits[static_cast<int>(data::Split::test)] = sample_split({0.5, 0.3, 0.4, 0.1});
  EXPECT_EQ(choosing_split(results), data::Split::selection);
  const std::vector<Choice> all = choices(results, data::Split::selection);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].tolerance, 0.01);
  EXPECT_FALSE(all[0].run) << "no bound is so small";
  EXPECT_EQ(all[0].nearest, 0u);
  EXPECT_EQ(all[0].candidates, 3u);
  EXPECT_EQ(all[1].run, 0u);
  EXPECT_EQ(all[1].feasible, 1u) << "0.025 is inside 0.03, 0.035 is not";
  EXPECT_EQ(all[2].run, 2u) << "the most accurate, whatever the test rows say";
  EXPECT_FALSE(all[2].nearest);
}

TEST(Choices, WithoutSelectionRowsAreMadeByOthers) {
  SweepResults results = sample_grid(1);
  for (RunResult& run : results.runs) run.splits[static_cast<int>(data::Split::selection)].reset();
  EXPECT_EQ(choosing_split(results), std::nullopt) << "test rows never choose";
  for (RunResult& run : results.runs) run.splits[static_cast<int>(data::Split::train)] = sample_split({});
  EXPECT_EQ(choosing_split(results), data::Split::train);
}

TEST(Choices, OfSeveralConstraintsAreMadeOfAllAtOnceToo) {
  SweepResults results = sample_grid(1);
  results.constraints.push_back({"error by race", "points"});
  for (RunResult& run : results.runs)
    for (auto& split : run.splits)
      if (split) {
        split->constraints.push_back(split->constraints[0]);
        split->constraints[1]->upper_bound = 0.04;
        split->constraints[1]->tolerance = 0.05;
      }
  const std::vector<Choice> all = choices(results, data::Split::selection);
  ASSERT_EQ(all.size(), 5u);
  EXPECT_FALSE(all.back().constraint);
  EXPECT_EQ(all.back().run, 2u) << "the only one that keeps its own tolerance of the first";
  EXPECT_EQ(all.back().feasible, 1u);
  results.runs[2].splits[static_cast<int>(data::Split::selection)]->constraints[1]->upper_bound.reset();
  EXPECT_FALSE(choices(results, data::Split::selection).back().run) << "a bound that is missing is not inside";
}

TEST(NeverFeasible, NamesTheValuesAtWhichNothingHeld) {
  const SweepResults results = sample_grid();
  const std::vector<NeverFeasible> never = never_feasible(results, data::Split::selection);
  ASSERT_EQ(never.size(), 2u);
  EXPECT_EQ(never[0].field, "constraints[0].tolerance");
  EXPECT_EQ(never[0].value, "0.01");
  EXPECT_EQ(never[0].runs, 3u);
  EXPECT_EQ(never[1].value, "0.03");
}

TEST(VerdictUnder, AnotherToleranceJudgesAnew) {
  using evaluation::Verdict;
  const ConstraintFigures figures = *sample_split({0.8, 0.02, 0.04, 0.05}).constraints[0];
  EXPECT_EQ(verdict_under(figures, 0.05), Verdict::met);
  EXPECT_EQ(verdict_under(figures, 0.03), Verdict::not_shown);
  EXPECT_EQ(verdict_under(figures, 0.01), Verdict::violated);
  ConstraintFigures unmeasured = figures;
  unmeasured.verdict = Verdict::not_estimable;
  EXPECT_EQ(verdict_under(unmeasured, 0.1), Verdict::not_estimable) << "a group is missing whatever the tolerance";
  unmeasured.gap.reset();
  EXPECT_EQ(verdict_under(unmeasured, 0.01), Verdict::not_estimable);
}

TEST(FrontierFigure, DrawsSomeOfManyAndAllOfTheFront) {
  const SweepResults results = random_results(3, 5000);
  const auto figure = frontier_figure(results, 0);
  ASSERT_TRUE(figure);
  ASSERT_EQ(figure->panels.size(), 2u);
  for (const FrontierPanel& panel : figure->panels) {
    EXPECT_LE(panel.points.size(), 600u);
    EXPECT_EQ(panel.measured, 5000u);
    EXPECT_EQ(std::ranges::count(panel.points, true, &FrontierPoint::on_front),
              static_cast<std::ptrdiff_t>(non_dominated(results, 0, data::Split::selection).size()));
  }
  report::Markup page;
  page.verbatim("<!DOCTYPE html>");
  draw_frontier(page, results, *figure);
  EXPECT_THAT(report::PageReader(page.take()).text(), HasSubstr("of 5,000\u00A0runs drawn"));
}

TEST(FrontierPicture, IsAPictureOfItsOwn) {
  SweepResults results = sample_grid();
  results.plan.name = "<tolerances> & \"more\"";
  const std::string svg = frontier_svg(results, {*frontier_figure(results, 0)});
  EXPECT_THAT(svg, HasSubstr("<?xml version"));
  EXPECT_THAT(svg, HasSubstr("&lt;tolerances&gt; &amp;"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("class=")));  // no style sheet comes along
  // But for its first line it is markup as strict as the page's.
  EXPECT_NO_THROW(report::PageReader("<!DOCTYPE html>" + svg.substr(svg.find("?>") + 2)));
}

TEST(FrontierPicture, WithoutFiguresThereIsNone) {
  SweepResults results = sample_grid(1);
  for (RunResult& run : results.runs) run.status = RunStatus::failed;
  EXPECT_FALSE(frontier_figure(results, 0));
  EXPECT_THAT(non_dominated(results, 0, data::Split::test), IsEmpty());
}

}  // namespace
}  // namespace equipoise::sweep
