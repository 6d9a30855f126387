#include "engine/evaluation/joint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/seed.h"
#include "engine/evaluation/binomial_table.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/promises.h"
#include "tests/engine/evaluation/gap_samples.h"
#include "tests/engine/evaluation/handmade_scores.h"

namespace equipoise::evaluation {
namespace joint_test {

using ::testing::HasSubstr;

// Equal opportunity (300 and 310 of 500) and predictive equality (50 and 60 of 500).
SplitResult two_constraints(double first, double second) {
  return Handmade({{0, 0, 500, 50}, {0, 1, 500, 300}, {2, 0, 500, 60}, {2, 1, 500, 310}},
                  {{"equal_opportunity", {"race"}, first}, {"predictive_equality", {"race"}, second}})
      .evaluated();
}

double bound(double tail) {
  return upper_gap_bound(sample_of("max_min", {{300, 500}, {310, 500}}), tail);
}

TEST(JointTest, BoundsHaveHalfOfTheErrorEach) {
  const SplitResult result = two_constraints(0.2, 0.2);
  EXPECT_NEAR(*result.constraints[0].joint_upper_bound, bound(0.025), 1e-13);  // 1 - .95 is not .05 to the last digit
  EXPECT_DOUBLE_EQ(*result.constraints[0].upper_bound, bound(0.05));
  ASSERT_TRUE(result.joint);
  EXPECT_DOUBLE_EQ(result.joint->confidence, 0.95);
  EXPECT_DOUBLE_EQ(result.joint->confidence_of_each, 0.975);
  EXPECT_TRUE(result.joint->all_met);
  EXPECT_EQ(result.joint->met, 2);
  EXPECT_EQ(result.joint->sentence,
            "With 95 % confidence all 2 constraints are met at once (each bound is then one of 97.5 %).");
}

TEST(JointTest, WhatIsMetAloneNeedNotBeMetTogether) {
  const double between = (bound(0.05) + bound(0.025)) / 2;
  const SplitResult result = two_constraints(between, 0.2);
  EXPECT_EQ(result.constraints[0].verdict, Verdict::met);
  EXPECT_FALSE(result.constraints[0].jointly_met);
  EXPECT_TRUE(result.constraints[1].jointly_met);
  EXPECT_FALSE(result.joint->all_met);
  EXPECT_EQ(result.joint->met, 1);
  EXPECT_THAT(result.joint->sentence,
              HasSubstr("1 of them is shown to be met: predictive equality by race, gap at most "
                        "0.2. Those called met are so each on its own; that all of them are has "
                        "a confidence of 90 % at least."));
  const SplitResult none = two_constraints(0.001, 0.001);
  EXPECT_EQ(none.joint->met, 0);
  EXPECT_THAT(none.joint->sentence, HasSubstr("none is shown to be met."));
}

TEST(JointTest, WhatCannotBeMeasuredIsNotMet) {
  const SplitResult result =
      Handmade({{0, 0, 500, 50}, {0, 1, 500, 300}, {1, 1, 20, 10}, {2, 0, 500, 50}, {2, 1, 500, 310}},
               {{"equal_opportunity", {"race"}, 0.9}, {"predictive_equality", {"race"}, 0.9}})
          .evaluated();
  EXPECT_FALSE(result.constraints[0].jointly_met);
  EXPECT_FALSE(result.joint->all_met);
}

TEST(JointTest, OneConstraintNeedsNoJointStatement) {
  const SplitResult result = Handmade({{0, 0, 500, 50}, {0, 1, 500, 300}, {2, 0, 500, 50}, {2, 1, 500, 310}},
                                      {{"equal_opportunity", {"race"}, 0.2}})
                                 .evaluated();
  EXPECT_FALSE(result.joint);
  EXPECT_EQ(result.constraints[0].joint_upper_bound, result.constraints[0].upper_bound);
}

// A cap and a floor are one constraint without a figure of its own.
TEST(JointTest, AConstraintOfTwoFormsIsMetJointlyWhenBothAre) {
  std::vector<constraints::ConstraintParams> wanted = {{"selection_rate_bound", {"race"}},
                                                       {"equal_opportunity", {"race"}, 0.2}};
  wanted[0].at_most = 0.6;
  wanted[0].at_least = 0.1;
  const SplitResult result =
      Handmade({{0, 0, 500, 50}, {0, 1, 500, 300}, {2, 0, 500, 50}, {2, 1, 500, 310}}, wanted).evaluated();
  EXPECT_FALSE(result.constraints[0].joint_upper_bound);
  EXPECT_TRUE(result.constraints[0].jointly_met);
  EXPECT_TRUE(result.joint->all_met);
}

// Both true gaps lie just outside: each is called met in up to 5 % of the sets, so one of both in more; jointly in 5 %.
TEST(JointTest, SomeConstraintIsWronglyMetInAtMostFivePercent) {
  const BinomialTable high(500, 0.5), low(500, 0.4);
  constexpr int kSets = 1500;
  constexpr double kTolerance = 0.1 - 1e-9;
  int alone = 0, together = 0;
  for (int e = 0; e < kSets; ++e) {
    const auto draw = [e](const BinomialTable& table, std::uint64_t what) {
      return static_cast<int>(table.draw(core::uniform(core::mix(core::mix(77, static_cast<std::uint64_t>(e)), what))));
    };
    const Handmade made(
        {{0, 0, 500, draw(high, 0)}, {0, 1, 500, draw(high, 1)}, {2, 0, 500, draw(low, 2)}, {2, 1, 500, draw(low, 3)}},
        {{"equal_opportunity", {"race"}, kTolerance}, {"predictive_equality", {"race"}, kTolerance}});
    const CellTotals totals = total_cells(made.scores(), made.table.cells.count(), 0.5);
    EvaluationParams params;
    params.resamples = 100;
    const auto results = judge("test", totals, made.table, made.constraints, 30, params, 1);
    alone += results[0].verdict == Verdict::met || results[1].verdict == Verdict::met;
    together += results[0].jointly_met || results[1].jointly_met;
  }
  EXPECT_LE(together, kSets * 0.065);  // .05 and 2.6 standard errors
  EXPECT_GT(alone, kSets * 0.07);
}

}  // namespace joint_test
}  // namespace equipoise::evaluation
