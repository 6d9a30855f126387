#include "engine/sweep/frontier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace frontier_test {

using ::testing::ElementsAre;

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

// A bound that leaves out a group is inside without it.
TEST(Choices, AreOfRunsWhoseGroupsAreAllMeasured) {
  SweepResults results = sample_grid(1);
  const auto figures = [&](std::size_t run) -> ConstraintFigures& {
    return *results.runs[run].splits[static_cast<int>(data::Split::selection)]->constraints[0];
  };
  const std::vector<Choice> before = choices(results, data::Split::selection);
  ASSERT_EQ(before[2].run, 2u);
  EXPECT_EQ(before[2].unmeasured, 0u);
  EXPECT_EQ(keeps_all(results, 2, data::Split::selection), true);
  figures(2).verdict = evaluation::Verdict::not_estimable;
  const std::vector<Choice> after = choices(results, data::Split::selection);
  EXPECT_EQ(after[2].run, 1u) << "the next one";
  EXPECT_EQ(after[2].feasible, before[2].feasible - 1);
  EXPECT_EQ(after[2].unmeasured, 1u);
  EXPECT_EQ(after[2].candidates, before[2].candidates);
  EXPECT_EQ(keeps_all(results, 2, data::Split::selection), false);
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

TEST(Choices, OfRunsWithOneConstraintEachAreNotMadeOfAllAtOnce) {
  SweepResults results = sample_grid(1);
  results.constraints.push_back({"error by race", "points"});
  for (std::size_t run = 0; run < results.runs.size(); ++run)
    for (auto& split : results.runs[run].splits) {
      if (!split) continue;
      split->constraints.push_back(std::nullopt);
      if (run == 2) std::swap(split->constraints[0], split->constraints[1]);
    }
  const std::vector<Choice> all = choices(results, data::Split::selection);
  ASSERT_EQ(all.size(), 3u) << "two tolerances of the first, one of the second";
  EXPECT_EQ(all[1].candidates, 2u);
  EXPECT_EQ(all[2].candidates, 1u);
  EXPECT_EQ(all[2].run, 2u);
  EXPECT_EQ(non_dominated(results, 1, data::Split::test), std::vector<std::size_t>{2});
}

TEST(VerdictOfAChoice, IsOfItsOwnConstraintAndNoOther) {
  using evaluation::Verdict;
  SplitFigures figures = sample_split({0.8, 0.02, 0.04, 0.05});
  figures.constraints.push_back(sample_split({0.8, 0.3, 0.4, 0.05}).constraints[0]);
  Choice choice;
  EXPECT_EQ(verdict_of(choice, figures), Verdict::violated) << "of all at once the worst";
  choice.constraint = 0;
  choice.tolerance = 0.05;
  EXPECT_EQ(verdict_of(choice, figures), Verdict::met);
  choice.tolerance = 0.03;
  EXPECT_EQ(verdict_of(choice, figures), Verdict::not_shown) << "by the choice's tolerance, not the run's own";
  figures.constraints[0].reset();
  EXPECT_EQ(verdict_of(choice, figures), std::nullopt) << "what was not measured has no verdict, whatever others have";
}

TEST(Findings, AreThoseOfTheChoosingRowsAndAreShownOnTheTestRows) {
  SweepResults results = sample_grid();
  SweepFindings findings = findings_of(results);
  EXPECT_EQ(findings.choosing, data::Split::selection);
  EXPECT_EQ(findings.shown, data::Split::test);
  EXPECT_EQ(findings.choices.size(), 3u);
  EXPECT_EQ(findings.never_feasible.size(), 2u);
  ASSERT_EQ(findings.fronts.size(), 1u);
  EXPECT_EQ(findings.fronts[0], non_dominated(results, 0, data::Split::selection));
  for (RunResult& run : results.runs) run.splits[static_cast<int>(data::Split::test)].reset();
  EXPECT_EQ(findings_of(results).shown, data::Split::selection);
  for (RunResult& run : results.runs) {
    run.splits[static_cast<int>(data::Split::test)] = sample_split({});
    run.splits[static_cast<int>(data::Split::selection)].reset();
  }
  findings = findings_of(results);
  EXPECT_FALSE(findings.choosing);
  EXPECT_EQ(findings.shown, data::Split::test);
  EXPECT_TRUE(findings.choices.empty());
  EXPECT_EQ(findings.fronts[0], non_dominated(results, 0, data::Split::test));
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

TEST(NeverFeasible, NamesAValueWhereAllOthersFailed) {
  SweepResults results = sample_grid();
  for (std::size_t run = 3; run < 9; ++run) results.runs[run].status = RunStatus::failed;
  const std::vector<NeverFeasible> never = never_feasible(results, data::Split::selection);
  ASSERT_EQ(never.size(), 1u);
  EXPECT_EQ(never[0].value, "0.01");
}

TEST(NeverFeasible, SaysNothingOfValuesThatWereDrawnForOneRun) {
  SweepResults results = sample_grid();
  ASSERT_FALSE(results.plan.axes.front().values.empty());
  results.plan.axes.front().values.clear();
  EXPECT_TRUE(never_feasible(results, data::Split::selection).empty());
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

}  // namespace frontier_test
}  // namespace equipoise::sweep
