#include "engine/constraints/multipliers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace equipoise::constraints {
namespace multipliers_test {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

MultiplierParams params_of(const std::string& update, double step, double radius = 0) {
  MultiplierParams params;
  params.update = update;
  params.step = step;
  params.radius = radius;
  return params;
}

TEST(AscentTest, MovesByStepTimesStepsTimesViolationAndStopsAtZero) {
  Multipliers multipliers = zero_multipliers(3);
  multipliers.values = {0.5, 0.5, 0.5};
  update(multipliers, {0.2, -0.1, -3}, 5, params_of("ascent", 0.1));
  EXPECT_THAT(multipliers.values, ElementsAre(DoubleNear(0.6, 1e-15), DoubleNear(0.45, 1e-15), 0.0));
}

TEST(AscentTest, AnUndefinedViolationLeavesItsMultiplier) {
  for (const char* name : {"ascent", "nupi"}) {
    Multipliers multipliers = zero_multipliers(2);
    multipliers.values = {0.5, 0.5};
    update(multipliers, {NAN, 1}, 1, params_of(name, 0.1));
    EXPECT_THAT(multipliers.values, ElementsAre(0.5, DoubleNear(0.6, 1e-15)));
    EXPECT_FALSE(multipliers.started[0]);
  }
}

// min (x - 1)^2 subject to x <= bound: x* = bound, lambda* = 2 (1 - bound) where bound < 1, and 0 otherwise.
double solve(const MultiplierParams& params, double bound, int iterations, double start = 0) {
  Multipliers multipliers = zero_multipliers(1);
  multipliers.values = {start};
  double x = 0;
  for (int t = 0; t < iterations; ++t) {
    x -= 0.05 * (2 * (x - 1) + multipliers.values[0]);
    update(multipliers, {x - bound}, 1, params);
  }
  EXPECT_NEAR(x, std::min(bound, 1.0), 1e-6);
  return multipliers.values[0];
}

TEST(MultipliersTest, ReachTheKnownMultiplierOfAConvexProblem) {
  for (const char* name : {"ascent", "nupi"}) {
    EXPECT_NEAR(solve(params_of(name, 0.1), 0.5, 4000), 1.0, 1e-6) << name;
    EXPECT_NEAR(solve(params_of(name, 0.1), 0.8, 4000), 0.4, 1e-6) << name;
  }
}

TEST(MultipliersTest, ComeBackDownWhereTheConstraintIsSlack) {
  for (const char* name : {"ascent", "nupi"}) EXPECT_EQ(solve(params_of(name, 0.1), 1.5, 4000, 5.0), 0) << name;
}

TEST(MultipliersTest, ReachTheKnownMultipliersOfTwoConstraints) {
  // min (x - 2)^2 + (y - 1)^2 subject to x + y <= 2, x <= 1: x = y = 1, lambda = (0, 2).
  Multipliers multipliers = zero_multipliers(2);
  double x = 0, y = 0;
  for (int t = 0; t < 20000; ++t) {
    const auto& l = multipliers.values;
    const double dx = 2 * (x - 2) + l[0] + l[1], dy = 2 * (y - 1) + l[0];
    x -= 0.05 * dx;
    y -= 0.05 * dy;
    update(multipliers, {x + y - 2, x - 1}, 1, params_of("ascent", 0.05));
  }
  EXPECT_NEAR(x, 1, 1e-4);
  EXPECT_NEAR(y, 1, 1e-4);
  EXPECT_NEAR(multipliers.values[1] + multipliers.values[0], 2, 1e-3);
}

TEST(NupiTest, TheFirstStepIsTheIntegralPartAlone) {
  MultiplierParams params = params_of("nupi", 0.1);
  params.integral_gain = 2;
  params.proportional_gain = 7;
  params.nu = 0.9;
  Multipliers multipliers = zero_multipliers(1);
  update(multipliers, {0.3}, 1, params);
  EXPECT_DOUBLE_EQ(multipliers.values[0], 0.1 * 2 * 0.3);
  EXPECT_DOUBLE_EQ(multipliers.smoothed_error[0], 0.3);
  // xi_1 = .9 * .3 + .1 * .5 = .32, so the second adds .1 (2 * .5 + 7 * .02).
  update(multipliers, {0.5}, 1, params);
  EXPECT_NEAR(multipliers.smoothed_error[0], 0.32, 1e-15);
  EXPECT_NEAR(multipliers.values[0], 0.06 + 0.1 * (1.0 + 0.14), 1e-15);
}

TEST(NupiTest, ASatisfiedConstraintsMultiplierNeverRises) {
  MultiplierParams params = params_of("nupi", 0.1);
  params.nu = 0;
  params.proportional_gain = 4;
  Multipliers multipliers = zero_multipliers(1);
  multipliers.values = {0.5};
  update(multipliers, {-0.4}, 1, params);
  EXPECT_NEAR(multipliers.values[0], 0.46, 1e-15);
  update(multipliers, {-0.1}, 1, params);  // -.1 + 4 * .3 is above 0
  EXPECT_NEAR(multipliers.values[0], 0.46, 1e-15);
  update(multipliers, {-0.11}, 1, params);  // -.11 - 4 * .01
  EXPECT_NEAR(multipliers.values[0], 0.445, 1e-15);
  update(multipliers, {0.01}, 1, params);  // .01 + 4 * .12
  EXPECT_NEAR(multipliers.values[0], 0.494, 1e-15);
}

TEST(NupiTest, WithoutItsProportionalPartItIsAscent) {
  MultiplierParams nupi = params_of("nupi", 0.1, 2.0);
  nupi.proportional_gain = 0;
  Multipliers a = zero_multipliers(4), b = zero_multipliers(4);
  std::mt19937 random(1);
  for (int t = 0; t < 100; ++t) {
    std::vector<double> g;
    for (int j = 0; j < 4; ++j) g.push_back(static_cast<double>(random()) / 4294967296.0 - 0.4);
    update(a, g, 3, nupi);
    update(b, g, 3, params_of("ascent", 0.1, 2.0));
    ASSERT_EQ(a.values, b.values);
  }
}

// How far x still swings after 300 steps where the multiplier sees a slow running average of the violation.
double swing(const MultiplierParams& params) {
  Multipliers multipliers = zero_multipliers(1);
  double x = 0, average = 0, largest = 0;
  for (int t = 0; t < 400; ++t) {
    x -= 0.3 * (2 * (x - 1) + multipliers.values[0]);
    average = 0.99 * average + 0.01 * (x - 0.5);
    update(multipliers, {average}, 1, params);
    if (t >= 300) largest = std::max(largest, std::abs(x - 0.5));
  }
  return largest;
}

TEST(NupiTest, DampsTheOscillationOfALaggedProblem) {
  MultiplierParams nupi = params_of("nupi", 0.3);
  nupi.proportional_gain = 16;
  nupi.nu = 0.9;
  EXPECT_GT(swing(params_of("ascent", 0.3)), 0.1);
  EXPECT_LT(swing(nupi), 0.01);
}

// The same where the multiplier sees the violation itself, every seventh step, and the learning rate falls to 0, so that x
// follows later and later: what a cosine schedule does to a network. The last 30 % of 160 measures.
double swing_as_the_learning_rate_falls(const MultiplierParams& params) {
  Multipliers multipliers = zero_multipliers(1);
  double x = 0, largest = 0;
  for (int measure = 0; measure < 160; ++measure) {
    const double rate = 0.0015 * (1 + std::cos(M_PI * measure / 160));
    for (int step = 0; step < 7; ++step) x -= rate * (2 * (x - 1) + multipliers.values[0]);
    update(multipliers, {x - 0.5}, 7, params);
    if (measure >= 112) largest = std::max(largest, std::abs(x - 0.5));
  }
  return largest;
}

TEST(NupiTest, IsSteadyWhereAscentSwingsAsTheLearningRateFalls) {
  EXPECT_GT(swing_as_the_learning_rate_falls(params_of("ascent", 0.3)), 0.01);
  EXPECT_LT(swing_as_the_learning_rate_falls(params_of(MultiplierParams().update, 0.3)), 0.001);
}

TEST(RadiusTest, ProjectsOnTheNearestPoint) {
  // A step of 0 from (3, 1, .2) with radius 2: (2, 0, 0) is nearest; excess 1 from each of the first two.
  Multipliers multipliers = zero_multipliers(3);
  multipliers.values = {3, 1, 0.2};
  update(multipliers, {0, 0, 0}, 1, params_of("ascent", 0.1, 2));
  EXPECT_THAT(multipliers.values, ElementsAre(DoubleNear(2, 1e-12), DoubleNear(0, 1e-12), 0.0));
  multipliers.values = {0.5, 0.25, 0};
  update(multipliers, {0, 0, 0}, 1, params_of("ascent", 0.1, 2));
  EXPECT_THAT(multipliers.values, ElementsAre(0.5, 0.25, 0.0));
}

TEST(RadiusTest, NoPointOfTheSetIsNearerThanTheProjection) {
  // v is projected on a convex set to p exactly when (v - p) . (q - p) <= 0 for all q of the set; its corners suffice.
  std::mt19937 random(11);
  for (int trial = 0; trial < 500; ++trial) {
    const std::size_t rows = 1 + random() % 12;
    std::vector<double> wanted(rows);
    for (double& value : wanted) value = static_cast<double>(random()) / 4294967296.0 * 2 - 0.7;
    Multipliers multipliers = zero_multipliers(rows);
    update(multipliers, wanted, 1, params_of("ascent", 1.0, 1.0));  // from 0 with step 1: v is the violation
    const std::vector<double>& p = multipliers.values;
    EXPECT_LE(std::accumulate(p.begin(), p.end(), 0.0), 1 + 1e-12);
    double at_origin = 0;  // (v - p) . (0 - p)
    for (std::size_t j = 0; j < rows; ++j) {
      EXPECT_GE(p[j], 0);
      at_origin -= (wanted[j] - p[j]) * p[j];
    }
    EXPECT_LE(at_origin, 1e-12);
    for (std::size_t corner = 0; corner < rows; ++corner) EXPECT_LE(at_origin + (wanted[corner] - p[corner]), 1e-12);
  }
}

}  // namespace multipliers_test
}  // namespace equipoise::constraints
