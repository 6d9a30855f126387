#include "engine/report/scale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace equipoise::report {
namespace scale_test {

using testing::DoubleNear;
using testing::Pointwise;

TEST(Scale, PutsValuesBetweenItsEnds) {
  const Scale scale{2, 6};
  EXPECT_DOUBLE_EQ(scale.at(3), 0.25);
  EXPECT_DOUBLE_EQ(scale.at(-10), 0);
  EXPECT_DOUBLE_EQ(scale.at(10), 1);
  EXPECT_DOUBLE_EQ(scale.at(std::numeric_limits<double>::quiet_NaN()), 0);
  EXPECT_DOUBLE_EQ((Scale{3, 3}.at(3)), 0);
}

TEST(Scale, TicksAreRoundAndInside) {
  EXPECT_THAT(ticks({0, 19.7}, 4), Pointwise(DoubleNear(1e-12), {0.0, 5.0, 10.0, 15.0}));
  EXPECT_THAT(ticks({0, 1}, 5), Pointwise(DoubleNear(1e-12), {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}));
  EXPECT_THAT(ticks({-0.05, 0.05}, 4), Pointwise(DoubleNear(1e-12), {-0.05, 0.0, 0.05}));
}

TEST(Scale, RoundEndsHoldTheValues) {
  const Scale scale = round_scale(0.782, 0.874);
  EXPECT_LE(scale.low, 0.782);
  EXPECT_GE(scale.high, 0.874);
  EXPECT_NEAR(scale.low, 0.75, 1e-12);
  EXPECT_NEAR(scale.high, 0.9, 1e-12);
}

TEST(Scale, OneValueAndNoValueStillMakeAScale) {
  EXPECT_LT(round_scale(0.5, 0.5).low, round_scale(0.5, 0.5).high);
  EXPECT_LT(round_scale(0, 0).low, round_scale(0, 0).high);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(round_scale(infinity, -infinity).high, 1);
}

TEST(Scale, DigitsTellTicksApart) {
  EXPECT_EQ(tick_digits({0, 5, 10}), 0);
  EXPECT_EQ(tick_digits({0, 0.2, 0.4}), 1);
  EXPECT_EQ(tick_digits({0, 0.05, 0.1}), 2);
}

TEST(Scale, LengthsArePercentages) {
  EXPECT_EQ(length(0.12345), "12.35%");
}

}  // namespace scale_test
}  // namespace equipoise::report
