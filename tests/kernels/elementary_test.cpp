#include "kernels/device/elementary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace equipoise::kernels {
namespace elementary_test {

// Distance from the true value in units of the last place of its float.
double ulps(float got, double expected) {
  const float nearest = static_cast<float>(expected);
  const double place = static_cast<double>(std::nextafter(std::fabs(nearest), INFINITY)) - std::fabs(nearest);
  return std::fabs(got - expected) / place;
}

TEST(ElementaryTest, StaysWithinTheStatedUlps) {
  double worst_exp = 0, worst_log1p = 0, worst_sigmoid = 0, worst_softplus = 0;
  for (int i = 0; i <= 2'000'000; ++i) {
    const float x = -87.3f * static_cast<float>(i) / 2'000'000;
    const float e = static_cast<float>(i) / 2'000'000;
    worst_exp = std::fmax(worst_exp, ulps(exp_nonpositive(x), std::exp(static_cast<double>(x))));
    worst_log1p = std::fmax(worst_log1p, e > 0 ? ulps(log1p_unit(e), std::log1p(static_cast<double>(e))) : 0.0);
    for (const float z : {x, -x}) {
      const double exact = 1 / (1 + std::exp(-static_cast<double>(z)));
      worst_sigmoid = std::fmax(worst_sigmoid, ulps(sigmoid(z), exact));
      const double soft = std::fmax(z, 0.0) + std::log1p(std::exp(-std::fabs(static_cast<double>(z))));
      worst_softplus = std::fmax(worst_softplus, ulps(softplus(z), soft));
    }
  }
  EXPECT_LT(worst_exp, 1.5);
  EXPECT_LT(worst_log1p, 2.0);
  EXPECT_LT(worst_sigmoid, 3.0);
  EXPECT_LT(worst_softplus, 3.0);
  RecordProperty("ulps",
                 testing::PrintToString(std::vector<double>{worst_exp, worst_log1p, worst_sigmoid, worst_softplus}));
}

TEST(ElementaryTest, IsCleanAtTheEnds) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(exp_nonpositive(0.0f), 1.0f);
  EXPECT_EQ(exp_nonpositive(-infinity), 0.0f);
  EXPECT_EQ(exp_nonpositive(-1e4f), 0.0f);
  EXPECT_TRUE(std::isnan(exp_nonpositive(nan)));
  EXPECT_EQ(sigmoid(infinity), 1.0f);
  EXPECT_EQ(sigmoid(-infinity), 0.0f);
  EXPECT_TRUE(std::isnan(sigmoid(nan)));
  EXPECT_EQ(softplus(infinity), infinity);
  EXPECT_EQ(softplus(-infinity), 0.0f);
  EXPECT_EQ(softplus(1e4f), 1e4f);
  EXPECT_TRUE(std::isnan(softplus(nan)));
}

}  // namespace elementary_test
}  // namespace equipoise::kernels
