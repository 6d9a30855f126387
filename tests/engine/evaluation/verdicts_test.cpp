#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/row_counts.h"
#include "engine/core/error.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/promises.h"
#include "tests/engine/evaluation/gap_samples.h"
#include "tests/engine/evaluation/handmade_scores.h"

namespace equipoise::evaluation {
namespace verdicts_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(VerdictsTest, WorstAndNames) {
  using enum Verdict;
  EXPECT_EQ(worst({met, not_shown, met}), not_shown);
  EXPECT_EQ(worst({not_shown, not_estimable}), not_estimable);
  EXPECT_EQ(worst({not_estimable, violated, met}), violated);
  EXPECT_EQ(worst({met}), met);
  for (const Verdict verdict : {met, not_shown, violated, not_estimable, no_promise})
    EXPECT_EQ(verdict_from(name_of(verdict)), verdict);
  EXPECT_FALSE(verdict_from("fair"));
}

// Two groups of 1,000 rows, 500 of each label, true positive rates .6 and .6 + `more` / 500.
Handmade two_groups(int more, double tolerance, const std::string& kind = "equal_opportunity") {
  return Handmade({{0, 0, 500, 50}, {0, 1, 500, 300}, {2, 0, 500, 50}, {2, 1, 500, 300 + more}},
                  {{kind, {"race"}, tolerance}});
}

TEST(VerdictsTest, FollowTheEstimateAndTheBound) {
  const double bound = upper_gap_bound(sample_of("max_min", {{300, 500}, {310, 500}}), 0.05);  // near .07
  const SplitResult met = two_groups(10, bound + 1e-9).evaluated();
  const PromiseResult& promise = met.constraints[0].promises[0];
  EXPECT_EQ(promise.verdict, Verdict::met);
  EXPECT_NEAR(*promise.gap, 0.02, 1e-12);
  EXPECT_DOUBLE_EQ(*promise.upper_bound, bound);
  EXPECT_EQ(two_groups(10, bound - 1e-9).evaluated().constraints[0].verdict, Verdict::not_shown);
  EXPECT_EQ(two_groups(10, 0.02001).evaluated().constraints[0].verdict, Verdict::not_shown);
  EXPECT_EQ(two_groups(10, 0.01999).evaluated().constraints[0].verdict, Verdict::violated);
}

TEST(VerdictsTest, OnlyTheLowerEndOfAConstraintIsDividedOverItsPromises) {
  const SplitResult odds = two_groups(10, 0.1, "equalized_odds").evaluated();
  const ConstraintResult& constraint = odds.constraints[0];
  ASSERT_THAT(constraint.promises, SizeIs(2));
  EXPECT_DOUBLE_EQ(*constraint.promises[0].upper_bound,
                   upper_gap_bound(sample_of("max_min", {{300, 500}, {310, 500}}), 0.05));
  EXPECT_DOUBLE_EQ(*constraint.gap, *constraint.promises[0].gap);
  EXPECT_DOUBLE_EQ(*constraint.upper_bound, *constraint.promises[0].upper_bound);
  EXPECT_LE(constraint.interval->low, constraint.promises[0].interval->low);
  EXPECT_THAT(constraint.sentence, HasSubstr("with 95 % confidence"));
  const SplitResult wide = two_groups(150, 0.1, "equalized_odds").evaluated();
  EXPECT_LT(wide.constraints[0].interval->low, wide.constraints[0].promises[0].interval->low);
  EXPECT_EQ(wide.constraints[0].interval->high, wide.constraints[0].promises[0].interval->high);
}

TEST(VerdictsTest, LevelsAreListedWithTheirRates) {
  const PromiseResult promise = two_groups(10, 0.1).evaluated().constraints[0].promises[0];
  ASSERT_THAT(promise.levels, SizeIs(3));  // "Other" has no row anywhere: it asks for nothing
  EXPECT_EQ(promise.levels[1].rows, 0);
  EXPECT_FALSE(promise.levels[1].estimable || promise.levels[1].rate);
  EXPECT_EQ(promise.levels[2].rows, 500);
  EXPECT_DOUBLE_EQ(*promise.levels[2].rate, 0.62);
  EXPECT_DOUBLE_EQ(promise.levels[2].interval->low, wilson(0.62, 500, 0.95).low);
  EXPECT_EQ(promise.rate_name, "true positive rate");
}

// Three groups of which "Other" has `few` positives.
Handmade with_small_group(int few, double tolerance, int black = 100) {
  return Handmade({{0, 0, 900, 90},
                   {0, 1, 9000, 90 * black},
                   {1, 0, 900, 90},
                   {1, 1, few, few / 2},
                   {2, 0, 900, 90},
                   {2, 1, 9000, 9000}},
                  {{"equal_opportunity", {"race"}, tolerance}});
}

TEST(VerdictsTest, ALevelThatCannotBeMeasuredLeavesTheConstraintUnproven) {
  const ConstraintResult result = with_small_group(20, 0.1).evaluated().constraints[0];
  EXPECT_EQ(result.verdict, Verdict::not_estimable);
  EXPECT_DOUBLE_EQ(*result.gap, 0);  // of the two others
  EXPECT_FALSE(result.promises[0].levels[1].estimable);
  EXPECT_DOUBLE_EQ(*result.promises[0].levels[1].rate, 0.5);
  EXPECT_THAT(result.sentence, HasSubstr("race=Other (20 rows) cannot, with fewer than 30 rows"));
  // What is outside among the others is outside.
  EXPECT_EQ(with_small_group(20, 0.1, 80).evaluated().constraints[0].verdict, Verdict::violated);
  // With enough rows it counts.
  EXPECT_EQ(with_small_group(40, 0.1).evaluated().constraints[0].verdict, Verdict::violated);
  // Enough where it was compiled, too few for what is asked here.
  EXPECT_EQ(with_small_group(40, 0.9).evaluated({}, 50).constraints[0].verdict, Verdict::not_estimable);
}

TEST(VerdictsTest, NothingToCompareIsNotEstimable) {
  const Handmade made({{0, 0, 50, 5}, {0, 1, 20, 15}, {2, 0, 50, 5}, {2, 1, 50, 40}},
                      {{"equal_opportunity", {"race"}, 0.5}});
  const ConstraintResult result = made.evaluated().constraints[0];
  EXPECT_EQ(result.verdict, Verdict::not_estimable);
  EXPECT_FALSE(result.gap || result.upper_bound || result.interval);
  EXPECT_THAT(result.sentence, HasSubstr("could not be compared"));
  EXPECT_FALSE(made.evaluated().thresholds[0].gaps[0]);
}

TEST(VerdictsTest, WeightsCountByTheirEffectiveRows) {
  // Half of the rows weigh 3: 500 rows are worth (250 + 750)^2 / (250 + 2250) = 400.
  std::vector<ScoreBlock> blocks;
  for (const int level : {0, 2})
    for (const int label : {0, 1})
      for (const float weight : {1.0f, 3.0f}) blocks.push_back({level, label, 250, 150 + 10 * level, weight});
  const Handmade made(blocks, {{"equal_opportunity", {"race"}, 0.3}}, true);
  const PromiseResult promise = made.evaluated().constraints[0].promises[0];
  EXPECT_NEAR(*promise.upper_bound, upper_gap_bound(sample_of("max_min", {{240, 400}, {272, 400}}), 0.05), 1e-12);
  EXPECT_EQ(promise.levels[0].rows, 500);
  const CellTotals totals = total_cells(made.scores(), made.table.cells.count(), 0.5);
  EXPECT_DOUBLE_EQ(totals.squares.all[0], 2500);
  EXPECT_DOUBLE_EQ(*upper_bounds(made.table, totals.sums, totals.squares, {})[0], *promise.upper_bound);
}

// What was measured on the rows of `test`, after training on those of `train`.
ConstraintResult after_training(const std::vector<ScoreBlock>& train, const std::vector<ScoreBlock>& test,
                                double tolerance) {
  std::vector<ScoreBlock> all = train;
  all.insert(all.end(), test.begin(), test.end());
  const std::vector<constraints::ConstraintParams> wanted = {{"equal_opportunity", {"race"}, tolerance}};
  Handmade made(all, wanted);
  std::size_t rows = 0;
  for (const ScoreBlock& block : train) rows += static_cast<std::size_t>(block.rows);
  std::fill_n(made.dataset.splits.begin(), rows, data::Split::train);
  core::Journal journal;
  made.table = constraints::compile(wanted, made.dataset, 30, config::Origin(), journal);
  const Scores of_all = made.scores();
  const Scores scores{
      of_all.probability.subspan(rows), of_all.labels.subspan(rows), {}, of_all.cells.subspan(rows), {}};
  return evaluate("test", scores, made.table, wanted, 30, {}, 7).constraints[0];
}

TEST(VerdictsTest, ALevelTooRareToSteerTrainingIsMeasuredWhereItsRowsSuffice) {
  const ConstraintResult result =
      after_training({{0, 0, 300, 30}, {0, 1, 300, 200}, {1, 0, 300, 30}, {1, 1, 20, 10}},
                     {{0, 0, 218, 20}, {0, 1, 218, 150}, {1, 0, 220, 20}, {1, 1, 220, 87}}, 0.05);
  EXPECT_EQ(result.verdict, Verdict::violated);
  EXPECT_NEAR(*result.gap, 150.0 / 218 - 87.0 / 220, 1e-12);
  const PromiseResult::LevelRate& level = result.promises[0].levels[1];
  EXPECT_TRUE(level.estimable);
  EXPECT_THAT(level.short_splits, ElementsAre("train"));
  EXPECT_THAT(result.sentence,
              HasSubstr("too rare in training to steer it: the true positive rate of race=Other (train)."));
}

TEST(VerdictsTest, ALevelOfTheDataWithoutARowAmongThoseMeasuredLeavesTheConstraintUnproven) {
  const ConstraintResult result =
      after_training({{0, 0, 300, 30}, {0, 1, 300, 200}, {1, 1, 20, 10}, {2, 0, 300, 30}, {2, 1, 300, 200}},
                     {{0, 0, 300, 30}, {0, 1, 3000, 2000}, {2, 0, 300, 30}, {2, 1, 3000, 2000}}, 0.3);
  EXPECT_EQ(result.verdict, Verdict::not_estimable);
  EXPECT_EQ(result.promises[0].levels[1].unmeasured, Unmeasured::too_few_rows);
  EXPECT_THAT(result.sentence, HasSubstr("race=Other (0 rows) cannot, with fewer than 30 rows in the test split"));
}

// New rows, of a model that was trained on all three groups.
ConstraintResult on_new_rows(const std::vector<ScoreBlock>& blocks, double tolerance) {
  const std::vector<constraints::ConstraintParams> wanted = {{"equal_opportunity", {"race"}, tolerance}};
  const Handmade trained({{0, 0, 50, 5}, {0, 1, 50, 5}, {1, 0, 50, 5}, {1, 1, 50, 5}, {2, 0, 50, 5}, {2, 1, 50, 5}},
                         wanted);
  Handmade fresh(blocks, {});
  fresh.table = constraints::table_for(fresh.dataset, trained.table);
  return evaluate("new rows", fresh.scores(), fresh.table, wanted, 30, {}, 7).constraints[0];
}

TEST(VerdictsTest, ALevelThatNewRowsDoNotHaveAsksForNothing) {
  const ConstraintResult two = on_new_rows({{0, 0, 500, 50}, {0, 1, 500, 300}, {2, 0, 500, 50}, {2, 1, 500, 310}}, 0.3);
  EXPECT_EQ(two.verdict, Verdict::met);
  EXPECT_EQ(two.promises[0].levels[1].unmeasured, Unmeasured::absent);
  EXPECT_THAT(two.sentence, HasSubstr("No row among the new rows has race=Other: nothing is said of it."));
  // With a row of it, of whatever label, it does.
  const ConstraintResult some =
      on_new_rows({{0, 0, 500, 50}, {0, 1, 500, 300}, {1, 0, 40, 5}, {2, 0, 500, 50}, {2, 1, 500, 310}}, 0.3);
  EXPECT_EQ(some.verdict, Verdict::not_estimable);
  EXPECT_EQ(some.promises[0].levels[1].unmeasured, Unmeasured::too_few_rows);
  // One group alone cannot be compared.
  const ConstraintResult one = on_new_rows({{0, 0, 500, 50}, {0, 1, 500, 300}}, 0.3);
  EXPECT_EQ(one.verdict, Verdict::not_estimable);
  EXPECT_THAT(one.sentence, HasSubstr("on the new rows: there is no row of race=Other, race=White, so the constraint"));
}

// The rows that weigh much are the selected ones: they are worth less than their weights alone say.
TEST(VerdictsTest, WeightsThatGoWithTheOutcomeCountForLess) {
  std::vector<ScoreBlock> blocks;
  for (const int level : {0, 2}) {
    blocks.push_back({level, 0, 100, 10});
    blocks.push_back({level, 1, 10, 5, 20});
    blocks.push_back({level, 1, 990, 10, 1});
  }
  const Handmade made(blocks, {{"equal_opportunity", {"race"}, 0.3}}, true);
  const SplitResult result = made.evaluated();
  const double rows = constraints::effective_rows(1190, 4990, 110.0 / 1190, 2010);
  EXPECT_NEAR(result.constraints[0].promises[0].levels[0].effective_rows, rows, 1e-9);
  EXPECT_NEAR(*result.constraints[0].upper_bound,
              upper_gap_bound(sample_of("max_min", {{110 * rows / 1190, rows}, {110 * rows / 1190, rows}}), 0.05),
              1e-12);
  const GroupMetrics& black = result.metrics.groups[1];
  EXPECT_NEAR(black.true_positive_rate_rows, rows, 1e-9);
  EXPECT_EQ(black.false_positive_rate_rows, 100);
  EXPECT_DOUBLE_EQ(black.true_positive_rate_interval->high, wilson(110.0 / 1190, rows, 0.95).high);
}

// One heavy row: 500 rows are worth little more than one.
TEST(VerdictsTest, WeightsCanLeaveTooFewEffectiveRows) {
  std::vector<ScoreBlock> blocks = {{0, 0, 50, 5}, {0, 1, 500, 250}, {2, 0, 50, 5}, {2, 1, 500, 250}};
  Handmade made(blocks, {{"equal_opportunity", {"race"}, 0.1}}, true);
  made.weights[50] = 1e6;
  const ConstraintResult result = made.evaluated().constraints[0];
  EXPECT_EQ(result.verdict, Verdict::not_estimable);
  EXPECT_NEAR(result.promises[0].levels[0].effective_rows, 1.001, 1e-3);
  EXPECT_THAT(result.sentence, HasSubstr("race=Black (500 rows, counting as 1.0)"));
}

// .55 - .5 is a little more than .05 in floating point.
TEST(VerdictsTest, AGapEqualToTheToleranceIsInside) {
  const Handmade made({{0, 0, 50, 5}, {0, 1, 100, 50}, {2, 0, 50, 5}, {2, 1, 100, 55}},
                      {{"equal_opportunity", {"race"}, 0.05}});
  ASSERT_GT(*made.evaluated().constraints[0].gap, 0.05);
  EXPECT_EQ(made.evaluated().constraints[0].verdict, Verdict::not_shown);
  EXPECT_THAT(made.evaluated().constraints[0].sentence, HasSubstr("differs by 5.0 points"));
}

TEST(VerdictsTest, EqualRatesAreSaidOfTwoLevels) {
  EXPECT_THAT(two_groups(0, 0.1).evaluated().constraints[0].sentence,
              HasSubstr("Between race=Black and race=White the true positive rate differs by 0.0 points"));
}

TEST(VerdictsTest, NobodyIsComparedWithItself) {
  const Handmade made({{0, 0, 100, 10}, {2, 0, 100, 10}},
                      {{"demographic_parity", {"race"}, 0.1, "reference", "White"}});
  EXPECT_THAT(made.evaluated().constraints[0].sentence,
              HasSubstr("The selection rate of race=Black differs from that of race=White by 0.0 points"));
}

TEST(VerdictsTest, OfNobodyThereIsNoRatio) {
  const Handmade made({{0, 0, 100, 0}, {2, 0, 100, 0}}, {{"four_fifths", {"race"}}});
  EXPECT_THAT(
      made.evaluated().constraints[0].sentence,
      HasSubstr("The selection rate is 0 of every race that could be measured, which counts as a ratio of 1.000"));
}

// A bound on rows that were fitted bounds nothing of other people.
TEST(VerdictsTest, OfTrainingRowsNothingIsSaidWithConfidence) {
  for (const double tolerance : {0.5, 0.12, 0.05}) {
    const Handmade made({{0, 0, 200, 20}, {2, 0, 200, 40}}, {{"demographic_parity", {"race"}, tolerance},
                                                             {"demographic_parity", {"race"}, 0.3, "overall"}});
    const SplitResult learnt = evaluate("train", made.scores(), made.table, made.constraints, 30, {}, 7);
    const std::string& sentence = learnt.constraints[0].sentence;
    EXPECT_THAT(sentence, testing::Not(HasSubstr("confidence"))) << sentence;
    EXPECT_THAT(sentence, testing::Not(HasSubstr("of other people it may"))) << sentence;
    if (tolerance > 0.1)
      EXPECT_THAT(sentence, HasSubstr("The model learnt these rows: of other people that says nothing."));
    EXPECT_FALSE(learnt.joint);
  }
}

TEST(UpperBoundsTest, AreThoseOfTheEvaluation) {
  Handmade made({{0, 0, 90, 9}, {0, 1, 80, 60}, {1, 0, 70, 9}, {1, 1, 60, 40}, {2, 0, 90, 20}, {2, 1, 20, 10}},
                {{"equalized_odds", {"race"}, 0.1},
                 {"demographic_parity", {"race"}, 0.1, "overall"},
                 {"equal_opportunity", {"race"}, 0.1, "reference", "White"}});
  std::ranges::fill(made.dataset.splits, data::Split::selection);
  core::Journal journal;
  made.table = constraints::compile(made.constraints, made.dataset, 30, config::Origin(), journal);
  const SplitResult result = made.evaluated();
  const CellTotals totals = total_cells(made.scores(), made.table.cells.count(), 0.5);
  const auto bounds = upper_bounds(made.table, totals.sums, {}, {});
  ASSERT_THAT(bounds, SizeIs(4));
  EXPECT_EQ(bounds[0], result.constraints[0].promises[0].upper_bound);
  EXPECT_EQ(bounds[1], result.constraints[0].promises[1].upper_bound);
  EXPECT_EQ(bounds[2], result.constraints[1].promises[0].upper_bound);
  EXPECT_FALSE(bounds[3]);  // its reference has 20 positives
  EXPECT_FALSE(result.constraints[2].upper_bound);
}

TEST(SentencesTest, NameTheGroupsTheFiguresAndTheReason) {
  EXPECT_EQ(two_groups(10, 0.1).evaluated().constraints[0].sentence.substr(0, 119),
            "Between race=Black and race=White the true positive rate differs by 2.0 points on people the model had "
            "not met (95 % in");
  EXPECT_THAT(two_groups(10, 0.1).evaluated().constraints[0].sentence,
              HasSubstr("inside the tolerance of 10 points; with 95 % confidence it is at most 7."));
  EXPECT_THAT(
      two_groups(10, 0.03).evaluated().constraints[0].sentence,
      HasSubstr("inside the tolerance of 3 points; but with 95 % confidence it can only be said to be at most"));
  EXPECT_THAT(two_groups(60, 0.03).evaluated().constraints[0].sentence,
              HasSubstr("outside the tolerance of 3 points: the constraint is violated."));
  // As many decimals as show the side of the tolerance.
  EXPECT_THAT(two_groups(10, 0.01999).evaluated().constraints[0].sentence,
              HasSubstr("differs by 2.000 points on people"));
}

TEST(SentencesTest, NoiseIsNamedWhereNothingSmallerCouldBeSeen) {
  EXPECT_THAT(two_groups(2, 0.01).evaluated().constraints[0].sentence, HasSubstr("Exactly equal rates would show 2."));
}

TEST(SentencesTest, OtherPromisesAreSaidInShort) {
  EXPECT_THAT(two_groups(60, 0.03, "equalized_odds").evaluated().constraints[0].sentence,
              HasSubstr("is violated. The false positive rate differs by 0.0 points (not shown)."));
}

TEST(SentencesTest, SpeakOfEachForm) {
  const auto sentence = [](const std::string& form, const std::string& reference) {
    const Handmade made(
        {{0, 0, 500, 100}, {0, 1, 500, 300}, {1, 0, 500, 120}, {1, 1, 500, 300}, {2, 0, 500, 150}, {2, 1, 500, 350}},
        {{"demographic_parity", {"race"}, 0.3, form, reference}});
    return made.evaluated().constraints[0].sentence;
  };
  EXPECT_THAT(sentence("ratio", ""), HasSubstr("The selection rate of race=Black is 0.800 times that of race=White"));
  EXPECT_THAT(sentence("ratio", ""), HasSubstr("the smallest ratio allowed, 0.7; with 95 % confidence it is at least"));
  EXPECT_THAT(sentence("reference", "Other"),
              HasSubstr("The selection rate of race=White differs from that of race=Other by 8.0 points"));
  EXPECT_THAT(sentence("overall", ""), HasSubstr("of race=White differs from that of everyone by 6.0 points"));
}

TEST(EvaluateTest, HangsOnItsSeedAlone) {
  const Handmade made = two_groups(30, 0.05, "equalized_odds");
  const SplitResult a = made.evaluated(), b = made.evaluated();
  EXPECT_EQ(a.constraints[0].promises[0].noise_floor, b.constraints[0].promises[0].noise_floor);
  EXPECT_EQ(a.constraints[0].interval->low, b.constraints[0].interval->low);
}

TEST(EvaluateTest, RowsOfUnknownCellsAreLeftOutOfGapsOnly) {
  const Handmade made = two_groups(10, 0.1);
  Scores scores = made.scores();
  std::vector<std::int32_t> cells(scores.cells.begin(), scores.cells.end());
  std::vector<double> probability(scores.probability.begin(), scores.probability.end());
  for (std::size_t i = 0; i < 500; ++i) {  // negatives of Black
    cells[i] = data::kUnknownLevel;
    probability[i] = 0.9;
  }
  scores.cells = cells;
  scores.probability = probability;
  const SplitResult result = evaluate("new rows", scores, made.table, made.constraints, 30, {}, 7);
  EXPECT_NEAR(*result.constraints[0].gap, 0.02, 1e-12);
  EXPECT_LT(result.metrics.accuracy, made.evaluated().metrics.accuracy - 0.2);
  EXPECT_THAT(result.constraints[0].sentence, HasSubstr("on the new rows"));
}

}  // namespace verdicts_test
}  // namespace equipoise::evaluation
