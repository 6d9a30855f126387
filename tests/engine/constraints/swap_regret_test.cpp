#include "engine/constraints/swap_regret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/constraints/multipliers.h"

namespace equipoise::constraints {
namespace swap_regret_test {

TEST(SwapRegret, OneRowByHand) {
  // Columns (.8, .2): lambda_1 / lambda_0 = .25. One step with gain .5: M_10 ~ .2 e^(.5 .8), M_11 ~ .2 e^(.5 .2).
  std::vector<double> matrix = swap_regret_matrix({0.25});
  move_swap_regret(matrix, {0.5});
  const double up = 0.2 * std::exp(0.4), stay = 0.2 * std::exp(0.1);
  const double m10 = up / (0.8 + up), m01 = 0.8 / (0.8 + stay);
  EXPECT_NEAR(std::exp(matrix[1]), m10, 1e-15);
  EXPECT_NEAR(std::exp(matrix[2]), m01, 1e-15);
  // Of a 2 x 2 matrix: lambda_1 m01 = lambda_0 m10.
  EXPECT_NEAR(swap_regret_ratios(matrix)[0], m10 / m01, 1e-12);
}

TEST(SwapRegret, RatiosAreTheStationaryVectors) {
  std::mt19937 random(9);
  std::vector<double> matrix = swap_regret_matrix({0.3, 0.1, 2, 0.7, 0.05});
  for (int t = 0; t < 30; ++t) {
    std::vector<double> gains;
    for (int j = 0; j < 5; ++j) gains.push_back(static_cast<double>(random()) / 4294967296.0 * 2 - 1);
    move_swap_regret(matrix, gains);
  }
  std::vector<double> lambda(6, 1.0 / 6);  // by powers of M
  for (int power = 0; power < 20000; ++power) {
    std::vector<double> next(6, 0.0);
    for (std::size_t j = 0; j < 6; ++j)
      for (std::size_t i = 0; i < 6; ++i) next[i] += std::exp(matrix[j * 6 + i]) * lambda[j];
    lambda = next;
  }
  const std::vector<double> ratios = swap_regret_ratios(matrix);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(ratios[j], lambda[1 + j] / lambda[0], 1e-9 * (1 + ratios[j]));
}

TEST(SwapRegret, ColumnsStayDistributionsHoweverLargeTheGains) {
  std::vector<double> matrix = swap_regret_matrix({0.01, 0.01});
  for (int t = 0; t < 200; ++t) {
    move_swap_regret(matrix, {t < 100 ? 50.0 : -50.0, t < 100 ? -50.0 : 50.0});
    for (std::size_t j = 0; j < 3; ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < 3; ++i) sum += std::exp(matrix[j * 3 + i]);
      ASSERT_NEAR(sum, 1, 1e-14);
    }
    for (const double ratio : swap_regret_ratios(matrix)) ASSERT_TRUE(std::isfinite(ratio) && ratio >= 0);
  }
  EXPECT_GT(swap_regret_ratios(matrix)[1], 1) << "what was 0 for long can come back";
}

TEST(SwapRegret, TheRadiusScalesAllAlikeAndLeavesWhatIsMasked) {
  MultiplierParams params;
  params.update = "swap_regret";
  params.step = 1;
  params.radius = 2;
  MultiplierParams unbounded = params;
  unbounded.radius = 0;
  Multipliers inside = zero_multipliers(2, params), free = zero_multipliers(2, unbounded);
  for (int t = 0; t < 12; ++t) {
    update(inside, {1, 0.8}, 1, params);
    update(free, {1, 0.8}, 1, unbounded);
  }
  const double sum = free.values[0] + free.values[1];
  ASSERT_GT(sum, 2);
  EXPECT_NEAR(inside.values[0], free.values[0] * 2 / sum, 1e-12);
  EXPECT_NEAR(inside.values[1], free.values[1] * 2 / sum, 1e-12);
  const double masked = inside.values[0];
  update(inside, {NAN, 1}, 1, params);
  EXPECT_EQ(inside.values[0], masked);
  EXPECT_NEAR(inside.values[1], 2 - masked, 1e-12);
}

}  // namespace swap_regret_test
}  // namespace equipoise::constraints
