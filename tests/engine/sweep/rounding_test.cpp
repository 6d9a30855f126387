#include "engine/sweep/rounding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace equipoise::sweep {
namespace rounding_test {

using ::testing::ElementsAre;

std::vector<double> all_spaced(double low, double high, long count) {
  std::vector<double> numbers;
  for (long i = 0; i < count; ++i) numbers.push_back(spaced(low, high, count, i, false));
  return numbers;
}

TEST(Rounding, WhatIsMeantIsTheNumberOfFewestDigits) {
  EXPECT_EQ(rounded(0.1 + 0.2, 12), 0.3);
  EXPECT_EQ(by_steps(0.1, 0.1, 2), 0.3);
  EXPECT_EQ(by_steps(0.4, -0.1, 1), 0.3);
}

TEST(Rounding, StepsThatCrossZeroTakeItIn) {
  EXPECT_EQ(by_steps(-0.3, 0.1, 3), 0.0);
  EXPECT_EQ(by_steps(0.3, -0.1, 3), 0.0);
  EXPECT_FALSE(std::signbit(by_steps(0, 0.1, -0.0)));
  EXPECT_EQ(by_steps(-3e-20, 1e-20, 4), 1e-20) << "beside its step it is no nothing";
  EXPECT_THAT(all_spaced(-0.3, 0.3, 7), ElementsAre(-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3));
  EXPECT_EQ(all_spaced(-0.7, 0.7, 15)[7], 0.0);
  EXPECT_EQ(all_spaced(-1.2, 1.2, 7)[3], 0.0);
  EXPECT_EQ(all_spaced(-0.3, 0.6, 10)[3], 0.0) << "which is not its middle";
}

}  // namespace rounding_test
}  // namespace equipoise::sweep
