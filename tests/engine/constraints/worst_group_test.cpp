#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <stdexcept>

#include "engine/constraints/multipliers.h"

namespace equipoise::constraints {
namespace worst_group_test {

MultiplierParams worst_group(double step, double adjustment) {
  MultiplierParams params;
  params.worst_group_step = step;
  params.worst_group_adjustment = adjustment;
  return params;
}

TEST(WorstGroup, OneStepByHand) {
  // Adjusted losses 1 + 2 / 10 and 2 + 2 / 5, step .1 * 3: q ~ (e^.36, e^.72) from (1/2, 1/2).
  const MultiplierParams params = worst_group(0.1, 2);
  const std::vector<WorstGroupBlock> blocks = {{{0, 1}, {100, 25}}};
  Multipliers m = zero_multipliers(2, params, blocks);
  EXPECT_NEAR(m.values[0], 0.5, 1e-15);
  update(m, {1, 2}, 3, params, blocks);
  EXPECT_NEAR(m.values[0], 1 / (1 + std::exp(0.36)), 1e-15);
  EXPECT_NEAR(m.values[1], 1 / (1 + std::exp(-0.36)), 1e-15);
}

// Losses (x - 1)^2 and (x + 1)^2 + 1: the largest is smallest at x = -1/4, where q = (3/8, 5/8) holds x still.
TEST(WorstGroup, GoesToTheMinimaxOfTwoQuadratics) {
  const MultiplierParams params = worst_group(0.05, 0);
  const std::vector<WorstGroupBlock> blocks = {{{0, 1}, {50, 50}}};
  Multipliers m = zero_multipliers(2, params, blocks);
  double x = 0.8;
  for (int t = 0; t < 5000; ++t) {
    x -= 0.05 * (m.values[0] * 2 * (x - 1) + m.values[1] * 2 * (x + 1));
    update(m, {(x - 1) * (x - 1), (x + 1) * (x + 1) + 1}, 1, params, blocks);
  }
  EXPECT_NEAR(x, -0.25, 1e-6);
  EXPECT_NEAR(m.values[0], 0.375, 1e-6);
  EXPECT_NEAR(m.values[1], 0.625, 1e-6);
}

TEST(WorstGroup, AnAbsentGroupKeepsItsShareAndIsNotGivenALossOfZero) {
  const MultiplierParams params = worst_group(0.1, 0);
  const std::vector<WorstGroupBlock> blocks = {{{0, 1, 2}, {9, 9, 9}}};
  Multipliers m = multipliers_at({0.2, 0.3, 0.5}, params, blocks);
  const double before = m.values[1];
  update(m, {1, NAN, 3}, 1, params, blocks);
  EXPECT_EQ(m.values[1], before);
  EXPECT_NEAR(m.values[0], 0.7 * 0.2 / (0.2 + 0.5 * std::exp(0.2)), 1e-15);
  EXPECT_NEAR(std::accumulate(m.values.begin(), m.values.end(), 0.0), 1, 1e-15);
  update(m, {NAN, NAN, NAN}, 1, params, blocks);
  EXPECT_EQ(m.values[1], before);
}

TEST(WorstGroup, RowsOfABlockAreOutsideTheRuleAndTheRadius) {
  for (const char* name : {"ascent", "nupi", "augmented", "exponentiated", "swap_regret"}) {
    MultiplierParams params = worst_group(0.1, 0);
    params.update = name;
    params.radius = 0.5;
    const std::vector<WorstGroupBlock> blocks = {{{0, 3}, {10, 20}}, {{4, 2}, {5, 5}}};
    Multipliers with = zero_multipliers(6, params, blocks), without = zero_multipliers(2, params);
    for (int t = 0; t < 20; ++t) {
      const double a = std::sin(t), b = 0.4 + 0.1 * std::cos(t);
      update(with, {3, a, 1, 2, 4, b}, 2, params, blocks);
      update(without, {a, b}, 2, params);
    }
    EXPECT_EQ(with.values[1], without.values[0]) << name;
    EXPECT_EQ(with.values[5], without.values[1]) << name;
    EXPECT_NEAR(with.values[0] + with.values[3], 1, 1e-12) << name;
    EXPECT_NEAR(with.values[4] + with.values[2], 1, 1e-12) << name;
    EXPECT_GT(with.values[0], with.values[3]);
    EXPECT_GT(with.values[4], with.values[2]) << "in the block's own order";
  }
}

TEST(WorstGroup, StartsAtAStoredDistribution) {
  const std::vector<WorstGroupBlock> blocks = {{{1, 2}, {10, 20}}};
  const Multipliers m = multipliers_at({0.7, 1, 3}, worst_group(0.1, 0), blocks);
  EXPECT_EQ(m.values[0], 0.7);
  EXPECT_NEAR(m.values[1], 0.25, 1e-15);
  EXPECT_NEAR(m.values[2], 0.75, 1e-15);
  const Multipliers corner = multipliers_at({0, 0, 1}, worst_group(0.1, 0), blocks);
  EXPECT_GT(corner.values[1], 0) << "a share of 0 could not come back";
  EXPECT_NEAR(corner.values[1] + corner.values[2], 1, 1e-15);
}

TEST(WorstGroup, BlocksThatDoNotFitAreRefused) {
  const MultiplierParams params = worst_group(0.1, 0);
  EXPECT_THROW(zero_multipliers(2, params, {{{0, 2}, {1, 1}}}), std::logic_error);
  EXPECT_THROW(zero_multipliers(2, params, {{{0, 0}, {1, 1}}}), std::logic_error);
  EXPECT_THROW(zero_multipliers(2, params, {{{0, 1}, {1}}}), std::logic_error);
  EXPECT_THROW(zero_multipliers(2, params, {{{0, 1}, {1, 0}}}), std::logic_error);
  EXPECT_THROW(zero_multipliers(2, params, {{{}, {}}}), std::logic_error);
  Multipliers without = zero_multipliers(2, params);
  EXPECT_THROW(update(without, {1, 1}, 1, params, {{{0, 1}, {1, 1}}}), std::logic_error);
}

}  // namespace worst_group_test
}  // namespace equipoise::constraints
