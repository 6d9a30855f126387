#include "engine/audit/exact_tests.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace equipoise::audit {
namespace exact_tests_test {

double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

// Sums of single probabilities, each from its own logarithms.
double binomial_two_sided(int with, int rows, double share) {
  double at_most = 0, at_least = 0;
  for (int k = 0; k <= rows; ++k) {
    const double p = std::exp(log_choose(rows, k) + k * std::log(share) + (rows - k) * std::log(1 - share));
    at_most += k <= with ? p : 0;
    at_least += k >= with ? p : 0;
  }
  return std::min(1.0, 2 * std::min(at_most, at_least));
}

double fisher_above(int with, int rows, int other_with, int other_rows) {
  const int all_with = with + other_with, all = rows + other_rows;
  double at_least = 0;
  for (int k = with; k <= std::min(rows, all_with); ++k)
    if (all_with - k <= other_rows)
      at_least += std::exp(log_choose(rows, k) + log_choose(other_rows, all_with - k) - log_choose(all, all_with));
  return at_least;
}

TEST(ExactTests, BinomialIsTheSumOfItsTail) {
  for (const auto& [with, rows, share] : {std::tuple(3, 20, 0.4), {0, 20, 0.1}, {20, 20, 0.7}, {7, 10, 0.7}})
    EXPECT_NEAR(binomial_p_value({with / static_cast<double>(rows), static_cast<double>(rows)}, share),
                binomial_two_sided(with, rows, share), 1e-12);
  EXPECT_EQ(binomial_p_value({0.1, 20}, 0), 0);
  EXPECT_EQ(binomial_p_value({0, 20}, 0), 1);
  EXPECT_EQ(binomial_p_value({0.9, 20}, 1), 0);
  EXPECT_EQ(binomial_p_value({0.5, 0}, 0.2), 1);
}

TEST(ExactTests, FisherIsTheSumOfItsTail) {
  for (const auto& [a, n, b, m] : {std::tuple(8, 10, 3, 20), {0, 10, 3, 20}, {10, 10, 20, 20}, {5, 30, 50, 60}}) {
    const CountedShare one{a / static_cast<double>(n), static_cast<double>(n)},
        other{b / static_cast<double>(m), static_cast<double>(m)};
    EXPECT_NEAR(fisher_p_value_above(one, other), fisher_above(a, n, b, m), 1e-10);
    EXPECT_NEAR(fisher_p_value(one, other),
                std::min(1.0, 2 * std::min(fisher_above(a, n, b, m), fisher_above(b, m, a, n))), 1e-10);
  }
  EXPECT_EQ(fisher_p_value({0.5, 0}, {0.5, 10}), 1);
}

TEST(ExactTests, OfAMillionRowsAreTheNormalOnes) {
  const double spread = std::sqrt(0.3 * 0.7 * (1 / 3e5 + 1 / 7e5)), apart = 3 * spread;
  EXPECT_NEAR(fisher_p_value({0.3 + 0.7 * apart, 3e5}, {0.3 - 0.3 * apart, 7e5}), std::erfc(3 / std::sqrt(2)), 6e-5);
  EXPECT_NEAR(binomial_p_value({0.3 + 3 * std::sqrt(0.21 / 1e6), 1e6}, 0.3), std::erfc(3 / std::sqrt(2)), 3e-5);
}

}  // namespace exact_tests_test
}  // namespace equipoise::audit
