// What every update of the multipliers must do: find the known multipliers of small convex problems, come back down, keep
// to the radius, leave what is masked alone, start where it is told to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>

#include "engine/constraints/multipliers.h"

namespace equipoise::constraints {
namespace every_update_test {

class EveryUpdate : public testing::TestWithParam<const char*> {
 protected:
  MultiplierParams params(double step, double radius = 0) const {
    MultiplierParams params;
    params.update = GetParam();
    params.step = step;
    params.radius = radius > 0 ? radius : is("exponentiated") ? 5 : 0;
    return params;
  }
  bool is(const std::string& name) const { return name == GetParam(); }
  // Products never reach 0: they come as near as one likes.
  double zero() const { return is("exponentiated") || is("swap_regret") ? 1e-4 : 0; }
};

// min (x - 1)^2 subject to x <= bound: lambda* = 2 (1 - bound) where bound < 1, and 0 otherwise.
struct Bounded {
  double x = 0;
  Multipliers multipliers;

  void run(const MultiplierParams& params, double bound, int iterations) {
    for (int t = 0; t < iterations; ++t) {
      x -= 0.05 * (2 * (x - 1) + multipliers.values[0]);
      update(multipliers, {x - bound}, 1, params);
    }
  }
};

TEST_P(EveryUpdate, ReachesTheKnownMultiplierOfOneConstraint) {
  for (const double bound : {0.5, 0.8}) {
    const MultiplierParams rule = params(0.1);
    Bounded problem{0, zero_multipliers(1, rule)};
    problem.run(rule, bound, 8000);
    EXPECT_NEAR(problem.x, bound, 1e-6);
    EXPECT_NEAR(problem.multipliers.values[0], 2 * (1 - bound), 1e-5);
  }
}

TEST_P(EveryUpdate, ComesBackDownWhereTheConstraintBecomesSlack) {
  const MultiplierParams rule = params(0.1);
  Bounded problem{0, zero_multipliers(1, rule)};
  problem.run(rule, 0.5, 8000);
  ASSERT_NEAR(problem.multipliers.values[0], 1, 1e-5);
  problem.run(rule, 1.5, 8000);
  EXPECT_LE(problem.multipliers.values[0], zero());
  EXPECT_NEAR(problem.x, 1, 1e-4);
}

// min (x - 2)^2 + (y - 1)^2 subject to x <= 1, x + y <= 3, x - y <= .5: x = y = 1 and lambda = (2, 0, 0).
TEST_P(EveryUpdate, TellsTheActiveConstraintFromSlackOnes) {
  const MultiplierParams rule = params(0.1);
  Multipliers multipliers = zero_multipliers(3, rule);
  double x = 0, y = 0;
  for (int t = 0; t < 20000; ++t) {
    const auto& l = multipliers.values;
    x -= 0.02 * (2 * (x - 2) + l[0] + l[1] + l[2]);
    y -= 0.02 * (2 * (y - 1) + l[1] - l[2]);
    update(multipliers, {x - 1, x + y - 3, x - y - 0.5}, 1, rule);
  }
  EXPECT_NEAR(x, 1, 1e-4);
  EXPECT_NEAR(y, 1, 1e-4);
  EXPECT_NEAR(multipliers.values[0], 2, 1e-3);
  EXPECT_LE(multipliers.values[1], zero());
  EXPECT_LE(multipliers.values[2], zero());
}

// min -2x - y in the unit square subject to x + y <= 1, x <= .75, x + 2y <= 2: x = (.75, .25), lambda = (1, 1, 0). Bilinear
// games go round: it is the mean of the iterates that converges.
TEST_P(EveryUpdate, SolvesALinearProgramOnAverage) {
  const MultiplierParams rule = params(0.02);
  Multipliers multipliers = zero_multipliers(3, rule);
  double x = 0, y = 0;
  std::array<double, 5> mean{};  // x, y, multipliers
  const int iterations = 100000;
  for (int t = 0; t < iterations; ++t) {
    const auto& l = multipliers.values;
    x = std::clamp(x - 0.02 * (-2 + l[0] + l[1] + l[2]), 0.0, 1.0);
    y = std::clamp(y - 0.02 * (-1 + l[0] + 2 * l[2]), 0.0, 1.0);
    update(multipliers, {x + y - 1, x - 0.75, x + 2 * y - 2}, 1, rule);
    const std::array<double, 5> now = {x, y, l[0], l[1], l[2]};
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += now[i] / iterations;
  }
  EXPECT_NEAR(mean[0], 0.75, 1e-2);
  EXPECT_NEAR(mean[1], 0.25, 1e-2);
  EXPECT_NEAR(mean[2], 1, 3e-2);
  EXPECT_NEAR(mean[3], 1, 3e-2);
  EXPECT_NEAR(mean[4], 0, 1e-2);
}

TEST_P(EveryUpdate, KeepsToTheRadiusWhereNothingCanBeSatisfied) {
  const MultiplierParams rule = params(0.5, 2);
  Multipliers multipliers = zero_multipliers(3, rule);
  for (int t = 0; t < 400; ++t) {
    update(multipliers, {0.5, 0.4, -1}, 1, rule);
    EXPECT_LE(std::accumulate(multipliers.values.begin(), multipliers.values.end(), 0.0), 2 + 1e-9);
  }
  EXPECT_NEAR(multipliers.values[0] + multipliers.values[1], 2, 1e-3);
  EXPECT_LE(multipliers.values[2], zero());
}

TEST_P(EveryUpdate, LeavesTheMultiplierOfAnUndefinedViolation) {
  const MultiplierParams rule = params(0.1);
  Multipliers multipliers = multipliers_at({0.5, 0.5}, rule);
  const double before = multipliers.values[0], other = multipliers.values[1];
  for (int t = 0; t < 5; ++t) update(multipliers, {NAN, 1}, 1, rule);
  EXPECT_EQ(multipliers.values[0], before);
  EXPECT_GT(multipliers.values[1], other);
  update(multipliers, {1, NAN}, 1, rule);
  EXPECT_GT(multipliers.values[0], before) << "it moves again";
}

TEST_P(EveryUpdate, StartsNextToZero) {
  for (const double radius : {0.0, 2.0}) {
    const MultiplierParams rule = params(0.1, radius);
    const std::vector<double> start = zero_multipliers(4, rule).values;
    const double largest = is("exponentiated") ? kLeastStart * rule.radius : is("swap_regret") ? kLeastStart : 0;
    EXPECT_NEAR(std::accumulate(start.begin(), start.end(), 0.0), largest, 1e-12);
  }
}

TEST_P(EveryUpdate, StartsAtTheValuesItIsGiven) {
  const MultiplierParams rule = params(0.1);
  const std::vector<double> given = {0.7, 0.2, 1.1};
  Multipliers multipliers = multipliers_at(given, rule);
  EXPECT_EQ(multipliers.values, given);
  update(multipliers, {0, 0, 0}, 1, rule);  // nothing to do: the state says the same as the values
  for (std::size_t j = 0; j < given.size(); ++j) EXPECT_NEAR(multipliers.values[j], given[j], 1e-12);
  // Outside the set: as near as it goes.
  const Multipliers inside = multipliers_at({3, 1, 0.2}, params(0.1, 2));
  EXPECT_NEAR(std::accumulate(inside.values.begin(), inside.values.end(), 0.0),
              2 * (is("exponentiated") ? 1 - kLeastRoom : 1), 1e-12);
  EXPECT_GT(inside.values[0], inside.values[1]);
}

TEST_P(EveryUpdate, AStrangersStateOrAnotherNumberOfRowsIsRefused) {
  Multipliers multipliers = zero_multipliers(2, params(0.1));
  EXPECT_THROW(update(multipliers, {1}, 1, params(0.1)), std::logic_error);
  MultiplierParams other = params(0.1, 3);
  other.update = is("augmented") ? "swap_regret" : "augmented";
  EXPECT_THROW(update(multipliers, {1, 1}, 1, other), std::logic_error);
}

TEST_P(EveryUpdate, IsPlainDataThatGoesOnFromACopy) {
  const MultiplierParams rule = params(0.1, 4);
  Multipliers multipliers = zero_multipliers(3, rule);
  std::mt19937 random(3);
  const auto draw = [&] { return static_cast<double>(random()) / 4294967296.0 - 0.4; };
  for (int t = 0; t < 20; ++t) update(multipliers, {draw(), draw(), draw()}, 3, rule);
  Multipliers copy = multipliers;
  for (int t = 0; t < 20; ++t) {
    const std::vector<double> violations = {draw(), draw(), draw()};
    update(multipliers, violations, 3, rule);
    update(copy, violations, 3, rule);
    ASSERT_EQ(copy.values, multipliers.values);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, EveryUpdate,
                         testing::Values("ascent", "nupi", "augmented", "exponentiated", "swap_regret"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace every_update_test
}  // namespace equipoise::constraints
