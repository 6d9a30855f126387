#include "engine/evaluation/binomial_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "engine/core/seed.h"

namespace equipoise::evaluation {
namespace binomial_table_test {

class BinomialTableTest : public ::testing::TestWithParam<std::tuple<int, double>> {};

TEST_P(BinomialTableTest, DrawsByTheExactDistribution) {
  const auto [n, p] = GetParam();
  const BinomialTable table(n, p);
  // Inversion: draw(u) = k exactly where the cumulative probability first exceeds u.
  double cumulative = 0;
  for (int k = 0; k <= n; ++k) {
    const double log_term = std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) + k * std::log(p) +
                            (n - k) * std::log1p(-p);
    const double term = std::exp(log_term);
    if (term > 1e-9) {
      EXPECT_EQ(table.draw(cumulative + 0.01 * term), k);
      EXPECT_EQ(table.draw(cumulative + 0.99 * term), k);
    }
    cumulative += term;
  }
  EXPECT_NEAR(cumulative, 1, 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Sizes, BinomialTableTest,
                         ::testing::Combine(::testing::Values(1, 2, 30, 1000), ::testing::Values(0.01, 0.5, 0.87)));

TEST(BinomialTableEdgeTest, CertainOutcomes) {
  for (const double u : {0.0, 0.5, 1 - 1e-16}) {
    EXPECT_EQ(BinomialTable(50, 0).draw(u), 0);
    EXPECT_EQ(BinomialTable(50, 1).draw(u), 50);
  }
  EXPECT_GE(BinomialTable(50, 0.5).draw(0), 0);
  EXPECT_LE(BinomialTable(50, 0.5).draw(1 - 1e-16), 50);
}

TEST(BinomialTableEdgeTest, MillionsOfTrialsKeepMeanAndVariance) {
  constexpr double kTrials = 4e6, kProbability = 0.3;
  const BinomialTable table(static_cast<std::int64_t>(kTrials), kProbability);
  double mean = 0, square = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    const double off = static_cast<double>(table.draw(core::uniform(core::mix(1, i)))) - kTrials * kProbability;
    mean += off / kDraws;
    square += off * off / kDraws;
  }
  const double variance = kTrials * kProbability * (1 - kProbability);
  EXPECT_NEAR(mean, 0, 4 * std::sqrt(variance / kDraws));
  EXPECT_NEAR(square / variance, 1, 0.04);
}

}  // namespace binomial_table_test
}  // namespace equipoise::evaluation
