// Verdicts and sentences of the forms that compare no groups: bounds, sums, and of what lies within a control grouping.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/limits.h"
#include "tests/engine/evaluation/handmade_scores.h"

namespace equipoise::evaluation {
namespace form_verdicts_test {

using ::testing::HasSubstr;

// Selection rates .2 and .35 of 1,000 rows each; true positive rates .3 and .5 of 500.
const std::vector<ScoreBlock> kBlocks = {{0, 0, 500, 50}, {0, 1, 500, 150}, {2, 0, 500, 100}, {2, 1, 500, 250}};

ConstraintResult bounded(const std::string& side, double bound, const std::vector<std::string>& group = {"race"}) {
  std::vector<constraints::ConstraintParams> wanted = {{"selection_rate_bound", group}};
  (side == "at_most" ? wanted[0].at_most : wanted[0].at_least) = bound;
  return Handmade(kBlocks, wanted).evaluated().constraints[0];
}

TEST(FormVerdictsTest, ACapIsHeldAgainstTheLargestUpperLimit) {
  const double high = exact_limits(0.35, 1000, 0.05).high;
  EXPECT_NEAR(*bounded("at_most", 0.5).gap, 0.35, 1e-12);
  EXPECT_NEAR(*bounded("at_most", 0.5).upper_bound, high, 1e-12);
  EXPECT_EQ(bounded("at_most", high + 1e-9).verdict, Verdict::met);
  EXPECT_EQ(bounded("at_most", high - 1e-9).verdict, Verdict::not_shown);
  EXPECT_EQ(bounded("at_most", 0.3501).verdict, Verdict::not_shown);
  EXPECT_EQ(bounded("at_most", 0.3499).verdict, Verdict::violated);
}

TEST(FormVerdictsTest, AFloorIsHeldAgainstTheSmallestLowerLimit) {
  const double low = exact_limits(0.2, 1000, 0.05).low;
  EXPECT_NEAR(*bounded("at_least", 0.1).gap, 0.8, 1e-12);
  EXPECT_NEAR(*bounded("at_least", 0.1).upper_bound, 1 - low, 1e-12);
  EXPECT_EQ(bounded("at_least", low - 1e-9).verdict, Verdict::met);
  EXPECT_EQ(bounded("at_least", low + 1e-9).verdict, Verdict::not_shown);
  EXPECT_EQ(bounded("at_least", 0.1999).verdict, Verdict::not_shown);
  EXPECT_EQ(bounded("at_least", 0.2001).verdict, Verdict::violated);
}

// Of 500 that were rejected 15 are selected now, of 500 that were selected 25 are not.
const std::vector<ScoreBlock> kDecidedBefore = {
    {0, 0, 300, 5, 1, 0}, {0, 1, 200, 10, 1, 0}, {2, 0, 100, 90, 1, 1}, {2, 1, 400, 385, 1, 1}};

Handmade churning(double at_most) {
  std::vector<constraints::ConstraintParams> wanted = {{"churn", {}}};
  wanted[0].at_most = at_most;
  return {kDecidedBefore, wanted};
}

TEST(FormVerdictsTest, ChurnIsAShareOfAllRows) {
  const double high = exact_limits(0.04, 1000, 0.05).high;
  const ConstraintResult result = churning(high + 1e-9).evaluated().constraints[0];
  EXPECT_NEAR(*result.gap, 0.04, 1e-12);
  EXPECT_NEAR(*result.upper_bound, high, 1e-12);
  EXPECT_EQ(result.verdict, Verdict::met);
  EXPECT_THAT(churning(0.08).evaluated().constraints[0].sentence,
              HasSubstr("The churn of everyone is 4.0 % on people the model had not met"));
  EXPECT_EQ(churning(high - 1e-9).evaluated().constraints[0].verdict, Verdict::not_shown);
  EXPECT_EQ(churning(0.0399).evaluated().constraints[0].verdict, Verdict::violated);
}

// How the rows were decided before is not known: churn of 0 rows is not a small one.
TEST(FormVerdictsTest, ChurnWithoutStoredDecisionsIsNotEstimable) {
  Handmade made = churning(0.1);
  made.dataset.stored_decisions->codes.clear();
  made.table = constraints::table_for(made.dataset, made.table);
  const SplitResult split = evaluate("new rows", made.scores(), made.table, made.constraints, 30, {}, 7);
  const ConstraintResult& result = split.constraints[0];
  EXPECT_EQ(result.verdict, Verdict::not_estimable);
  EXPECT_FALSE(result.gap);
  EXPECT_EQ(result.promises[0].levels[0].unmeasured, Unmeasured::no_stored_decision);
  EXPECT_EQ(unmeasured_from(name_of(Unmeasured::no_stored_decision)), Unmeasured::no_stored_decision);
  EXPECT_EQ(result.sentence,
            "The churn could not be compared on the new rows: the stored decisions of everyone are not known, so the "
            "constraint is not estimable.");
}

TEST(FormSentencesTest, OfACap) {
  const std::string met = bounded("at_most", 0.5).sentence;
  EXPECT_THAT(met,
              HasSubstr("The largest selection rate is that of race=White, 35.0 %, on people the model had not met"));
  EXPECT_THAT(met,
              HasSubstr("inside the largest value allowed, 50 %; with 95 % confidence it is at most 37.6 %, so the "
                        "constraint is met."));
  EXPECT_THAT(bounded("at_most", 0.3).sentence,
              HasSubstr("outside the largest value allowed, 30 %: the constraint is violated."));
}

TEST(FormSentencesTest, OfAFloor) {
  const std::string met = bounded("at_least", 0.1).sentence;
  EXPECT_THAT(met, HasSubstr("The smallest selection rate is that of race=Black, 20.0 %,"));
  EXPECT_THAT(met, HasSubstr("the smallest value allowed, 10 %; with 95 % confidence it is at least 17.9 %"));
  EXPECT_THAT(bounded("at_least", 0.19).sentence,
              HasSubstr("but with 95 % confidence it can only be said to be at least 17.9 %, so it is not shown."));
}

TEST(FormSentencesTest, OfEveryone) {
  const ConstraintResult result = bounded("at_most", 0.5, {});
  EXPECT_NEAR(*result.gap, 0.275, 1e-12);
  EXPECT_NEAR(*result.upper_bound, exact_limits(0.275, 2000, 0.05).high, 1e-12);
  EXPECT_THAT(result.sentence, HasSubstr("The selection rate of everyone is 27.5 % on people"));
}

TEST(FormSentencesTest, OfASum) {
  std::vector<constraints::ConstraintParams> wanted = {{"linear", {}}};
  wanted[0].terms = {{"tpr", {{"race", "White"}}, 1}, {"tpr", {{"race", "Black"}}, -1}};
  const auto result = [&](double at_most) {
    wanted[0].at_most = at_most;
    return Handmade(kBlocks, wanted).evaluated().constraints[0];
  };
  const Interval white = exact_limits(0.5, 500, 0.05), black = exact_limits(0.3, 500, 0.05);
  const double bound = 0.2 + std::hypot(white.high - 0.5, 0.3 - black.low);
  EXPECT_NEAR(*result(0.5).upper_bound, bound, 1e-12);
  EXPECT_EQ(result(bound + 1e-9).verdict, Verdict::met);
  EXPECT_EQ(result(bound - 1e-9).verdict, Verdict::not_shown);
  EXPECT_EQ(result(0.1999).verdict, Verdict::violated);
  EXPECT_THAT(result(0.5).sentence, HasSubstr("TPR of race=White - TPR of race=Black is 0.200 on people"));
  EXPECT_THAT(result(0.5).sentence, HasSubstr("inside the largest value allowed, 0.5; with 95 % confidence"));
}

TEST(FormSentencesTest, WithinTheLevelsOfAControlGrouping) {
  std::vector<constraints::ConstraintParams> wanted = {{"demographic_parity", {"race"}, 0.3}};
  Handmade made(kBlocks, wanted);
  data::Grouping degree{"degree", {"none", "some"}, {}};
  for (std::size_t row = 0; row < made.probability.size(); ++row) degree.codes.push_back(row % 2);
  made.dataset.groupings.push_back(degree);
  made.constraints[0].within = "degree";
  core::Journal journal;
  made.table = constraints::compile(made.constraints, made.dataset, 30, config::Origin(), journal);
  const ConstraintResult result = made.evaluated().constraints[0];
  ASSERT_EQ(result.promises.size(), 2u);
  EXPECT_EQ(result.promises[1].within, "degree=some");
  EXPECT_EQ(result.promises[1].levels[0].rows, 500);
  EXPECT_THAT(result.sentence, HasSubstr("Between race=Black and race=White within degree=none the selection rate "
                                         "differs by 15.0 points"));
  EXPECT_THAT(result.sentence, HasSubstr("The selection rate within degree=some differs by 15.0 points (met)."));
}

}  // namespace form_verdicts_test
}  // namespace equipoise::evaluation
