#include "engine/evaluation/limits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace equipoise::evaluation {
namespace limits_test {

TEST(LimitsTest, WilsonByHand) {
  // 8 of 10, z = 1.959964: center (.8 + z^2 / 20) / (1 + z^2 / 10), half width by the formula.
  const Interval interval = wilson(0.8, 10, 0.95);
  EXPECT_NEAR(interval.low, 0.4901625, 1e-6);
  EXPECT_NEAR(interval.high, 0.9433178, 1e-6);
}

TEST(LimitsTest, WilsonStaysInsideZeroAndOne) {
  EXPECT_EQ(wilson(0, 20, 0.95).low, 0);
  EXPECT_EQ(wilson(1, 20, 0.95).high, 1);
  EXPECT_NEAR(wilson(0, 20, 0.95).high, 3.8414588 / (20 + 3.8414588), 1e-6);  // z^2 / (n + z^2)
}

double binomial(int n, int k, double p) {
  return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
                  (n - k) * std::log1p(-p));
}

TEST(LimitsTest, ExactLimitsAreWhereTheTailsAreTheirs) {
  // At the lower limit for 7 of 40, seeing 7 or more has probability 3 %; at the upper, 7 or fewer.
  const Interval limits = exact_limits(7.0 / 40, 40, 0.03);
  double more = 0, fewer = 0;
  for (int k = 7; k <= 40; ++k) more += binomial(40, k, limits.low);
  for (int k = 0; k <= 7; ++k) fewer += binomial(40, k, limits.high);
  EXPECT_NEAR(more, 0.03, 1e-9);
  EXPECT_NEAR(fewer, 0.03, 1e-9);
  EXPECT_EQ(exact_limits(0, 40, 0.03).low, 0);
  EXPECT_NEAR(exact_limits(0, 40, 0.03).high, 1 - std::pow(0.03, 1.0 / 40), 1e-12);
  EXPECT_EQ(exact_limits(1, 40, 0.03).high, 1);
}

TEST(LimitsTest, NormalPointAndTailAreInverse) {
  EXPECT_NEAR(normal_point(0.025), 1.9599640, 1e-6);
  EXPECT_NEAR(normal_tail(normal_point(0.01)), 0.01, 1e-12);
}

TEST(LimitsTest, TheUpperLimitOfSkewedNumbersIsThatOfAGamma) {
  // Exponential losses: 40 of mean 1 and deviation 1 sum to a gamma of shape 40, whose tail the wider limit stays within.
  const Interval limits = skewed_limits(1, 1, 2, 40, 0.05), student = student_limits(1, 1, 40, 0.05);
  EXPECT_EQ(limits.low, student.low);
  EXPECT_GT(limits.high, student.high);
  const double exact = 40 / 30.195739;  // with the coefficient of variation known; 30.2 is the gamma's 5 % point
  EXPECT_GT(limits.high, exact);
  EXPECT_LT(limits.high, 1.02 * exact);
  // More skewness, a longer limit; moved and stretched numbers have moved and stretched limits.
  EXPECT_GT(skewed_limits(1, 1, 4, 40, 0.05).high, limits.high);
  EXPECT_NEAR(skewed_limits(8, 3, 2, 40, 0.05).high, 8 + 3 * (limits.high - 1), 1e-12);
  // Many rows: both are the normal limit.
  EXPECT_NEAR(skewed_limits(1, 1, 2, 1e6, 0.05).high, student_limits(1, 1, 1e6, 0.05).high, 1e-5);
  // Without a deviation, or one row, as Student's.
  EXPECT_EQ(skewed_limits(0.3, 0, 2, 40, 0.05).high, 0.3);
  EXPECT_EQ(skewed_limits(0.3, 0.1, 2, 1, 0.05).high, std::numeric_limits<double>::infinity());
}

// As where one row outweighs all others.
TEST(LimitsTest, OfHardlyMoreThanOneRowThereIsNoLimit) {
  constexpr double kNoLimit = std::numeric_limits<double>::infinity();
  for (const double rows : {1 + 1e-12, 1.0001, 1.002, 1.004})
    for (const double deviation : {0.0, 0.3})
      for (const auto limits :
           {student_limits(0.3, deviation, rows, 0.025), gamma_limits(0.3, deviation, 2, rows, 0.025),
            skewed_limits(0.3, deviation, -2, rows, 0.025)}) {
        EXPECT_EQ(limits.low, -kNoLimit) << rows;
        EXPECT_EQ(limits.high, kNoLimit) << rows;
      }
  EXPECT_LT(student_limits(0.3, 0.3, 2, 0.025).high, 10);
}

TEST(LimitsTest, BothLimitsOfSkewedNumbersThatAreShownAreAGammas) {
  const Interval limits = gamma_limits(1, 1, 2, 40, 0.05), student = student_limits(1, 1, 40, 0.05);
  EXPECT_EQ(limits.high, skewed_limits(1, 1, 2, 40, 0.05).high);
  EXPECT_GT(limits.low, student.low);
  const double exact = 40 / 50.939737;  // 50.9 is the 95 % point of a gamma of shape 40
  EXPECT_LT(limits.low, exact);
  EXPECT_GT(limits.low, 0.98 * exact);
  const Interval even = gamma_limits(1, 1, 0, 40, 0.05), middle = gamma_limits(1, 1, 2, 40, 0.5);
  EXPECT_EQ(even.low, student.low);
  EXPECT_EQ(even.high, student.high);
  EXPECT_NEAR(middle.low, 1, 1e-12);  // a tail of a half has no limits beside the mean
  EXPECT_NEAR(middle.high, 1, 1e-12);
}

TEST(LimitsTest, LimitsOfNumbersThatAreSkewedDownAreThoseOfTheOthersTurnedOver) {
  for (const auto limits_of : {gamma_limits, skewed_limits}) {
    const Interval up = limits_of(3, 1, 2, 40, 0.05), down = limits_of(-3, 1, -2, 40, 0.05);
    EXPECT_EQ(down.low, -up.high);
    EXPECT_EQ(down.high, -up.low);
  }
}

// Its series does not converge for the gamma that hardly any skewness, or very many rows, have.
TEST(LimitsTest, WithHardlyAnySkewnessTheyAreStudents) {
  for (const double skewness : {1e-12, 1e-6, 1e-3, 1e-2}) {
    for (const double rows : {40.0, 1e6, 1e12}) {
      const Interval limits = gamma_limits(1, 1, skewness, rows, 0.05), student = student_limits(1, 1, rows, 0.05);
      EXPECT_NEAR(limits.high, student.high, 1e-2 / std::sqrt(rows)) << skewness << ' ' << rows;
      EXPECT_NEAR(limits.low, student.low, 1e-2 / std::sqrt(rows)) << skewness << ' ' << rows;
    }
  }
}

}  // namespace limits_test
}  // namespace equipoise::evaluation
