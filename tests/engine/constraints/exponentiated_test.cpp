#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/constraints/multipliers.h"

namespace equipoise::constraints {
namespace exponentiated_test {

MultiplierParams exponentiated(double step, double radius) {
  MultiplierParams params;
  params.update = "exponentiated";
  params.step = step;
  params.radius = radius;
  return params;
}

TEST(Exponentiated, IsTheFormulaInTheta) {
  const MultiplierParams params = exponentiated(0.2, 3);
  Multipliers m = zero_multipliers(2, params);
  // lambda = B e^theta / (1 + sum e^theta), so that e^theta = lambda / (B - sum lambda) at the start: .15 / 2.7.
  double theta[2] = {std::log(0.15 / 2.7), std::log(0.15 / 2.7)};
  const double violations[3][2] = {{1.5, -0.5}, {2, 0.25}, {-1, 0}};
  for (const auto& g : violations) {
    update(m, {g[0], g[1]}, 4, params);
    for (int j = 0; j < 2; ++j) theta[j] += 0.2 * 4 * g[j];
    const double below = 1 + std::exp(theta[0]) + std::exp(theta[1]);
    for (std::size_t j = 0; j < 2; ++j) EXPECT_NEAR(m.values[j], 3 * std::exp(theta[j]) / below, 1e-12);
  }
}

TEST(Exponentiated, HugeViolationsStayFiniteAndComeBack) {
  const MultiplierParams params = exponentiated(1, 3);
  Multipliers m = zero_multipliers(2, params);
  update(m, {5000, -5000}, 1, params);
  EXPECT_NEAR(m.values[0], 3, 1e-12);
  EXPECT_EQ(m.values[1], 0);
  update(m, {-5000, 5000}, 1, params);
  EXPECT_NEAR(m.values[0], 0.15, 1e-9);
  EXPECT_NEAR(m.values[1], 0.15, 1e-9);
}

TEST(Exponentiated, AMaskedShareIsNoOnesGain) {
  const MultiplierParams params = exponentiated(1, 3);
  Multipliers m = multipliers_at({1, 1}, params);
  for (int t = 0; t < 50; ++t) update(m, {NAN, 1}, 1, params);
  EXPECT_EQ(m.values[0], 1);
  EXPECT_NEAR(m.values[1], 2, 1e-9) << "all but the masked one's share";
}

}  // namespace exponentiated_test
}  // namespace equipoise::constraints
