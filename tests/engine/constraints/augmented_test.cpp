#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/constraints/multipliers.h"

namespace equipoise::constraints {
namespace augmented_test {

MultiplierParams augmented(double step) {
  MultiplierParams params;
  params.update = "augmented";
  params.step = step;
  params.penalty = 2;
  params.penalty_growth = 1.5;
  params.largest_penalty = 4;
  return params;
}

TEST(Augmented, ByHand) {
  const MultiplierParams params = augmented(1);
  Multipliers m = zero_multipliers(1, params);
  update(m, {0.3}, 1, params);  // lambda = 2 * .3, price = lambda + 2 * .3, then rho = 3
  EXPECT_NEAR(m.lambda[0], 0.6, 1e-15);
  EXPECT_NEAR(m.values[0], 1.2, 1e-15);
  EXPECT_EQ(m.penalty[0], 3);
  update(m, {0.1}, 1, params);  // lambda = .6 + 3 * .1, price = .9 + 3 * .1, then rho = 4 (4.5 is above the bound)
  EXPECT_NEAR(m.lambda[0], 0.9, 1e-15);
  EXPECT_NEAR(m.values[0], 1.2, 1e-15);
  EXPECT_EQ(m.penalty[0], 4);
  update(m, {-0.1}, 1, params);  // lambda = .9 - .4, price = .5 - .4
  EXPECT_NEAR(m.lambda[0], 0.5, 1e-15);
  EXPECT_NEAR(m.values[0], 0.1, 1e-15);
  EXPECT_EQ(m.penalty[0], 4);
  update(m, {-0.2}, 1, params);  // .5 - .8 is below 0
  EXPECT_EQ(m.lambda[0], 0);
  EXPECT_EQ(m.values[0], 0);
}

TEST(Augmented, AStepBelowOneGoesThatShareOfTheWay) {
  Multipliers m = zero_multipliers(1, augmented(0.05));
  update(m, {0.3}, 5, augmented(0.05));
  EXPECT_NEAR(m.lambda[0], 0.25 * 0.6, 1e-15);
  EXPECT_NEAR(m.values[0], 0.15 + 0.6, 1e-15);
}

TEST(Augmented, NeverPushesASatisfiedConstraint) {
  const MultiplierParams params = augmented(0.3);
  std::mt19937 random(5);
  const auto draw = [&] { return static_cast<double>(random()) / 4294967296.0; };
  Multipliers never = zero_multipliers(1, params), sometimes = never;
  int satisfied = 0;
  for (int t = 0; t < 300; ++t) {
    update(never, {-draw()}, 1, params);
    ASSERT_EQ(never.values[0], 0) << "satisfied all along, and far inside at times";
    const double violation = draw() - 0.4, before = sometimes.lambda[0];
    update(sometimes, {violation}, 1, params);
    if (violation > 0) continue;
    ++satisfied;
    ASSERT_LE(sometimes.lambda[0], before);
    ASSERT_LE(sometimes.values[0], sometimes.lambda[0]) << "the penalty takes away, and adds nothing";
  }
  EXPECT_GT(satisfied, 50);
  EXPECT_EQ(never.penalty[0], params.penalty);
}

TEST(Augmented, APenaltyAboveItsBoundIsNotLowered) {
  MultiplierParams params = augmented(1);
  Multipliers m = zero_multipliers(1, params);
  params.largest_penalty = 1;  // as after a restart with another bound
  update(m, {0.3}, 1, params);
  EXPECT_EQ(m.penalty[0], 2);
}

}  // namespace augmented_test
}  // namespace equipoise::constraints
