#include "engine/evaluation/gap_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/evaluation/limits.h"
#include "tests/engine/evaluation/gap_samples.h"

namespace equipoise::evaluation {
namespace {

constexpr Draws kDraws = {2000, 7};

TEST(UpperBoundTest, OfTwoLevelsIsSquareAndAdd) {
  const GapSample sample = sample_of("max_min", {{60, 100}, {110, 200}});
  const Interval a = exact_limits(0.6, 100, 0.05), b = exact_limits(0.55, 200, 0.05);
  const double a_over_b = 0.05 + std::hypot(a.high - 0.6, 0.55 - b.low);
  const double b_over_a = -0.05 + std::hypot(b.high - 0.55, 0.6 - a.low);
  EXPECT_NEAR(upper_gap_bound(sample, 0.05), std::max(a_over_b, b_over_a), 1e-12);
}

TEST(UpperBoundTest, OfManyLevelsIsTheLargestOfItsPairs) {
  const std::vector<Counts> counts = {{30, 100}, {30, 90}, {5, 31}, {500, 1500}};
  double largest = 0;
  for (std::size_t a = 0; a < counts.size(); ++a)
    for (std::size_t b = a + 1; b < counts.size(); ++b)
      largest = std::max(largest, upper_gap_bound(sample_of("max_min", {counts[a], counts[b]}), 0.05));
  EXPECT_NEAR(upper_gap_bound(sample_of("max_min", counts), 0.05), largest, 1e-12);
  // The reference form compares with the first alone.
  double with_first = 0;
  for (std::size_t b = 1; b < counts.size(); ++b)
    with_first = std::max(with_first, upper_gap_bound(sample_of("max_min", {counts[0], counts[b]}), 0.05));
  EXPECT_NEAR(upper_gap_bound(sample_of("reference", counts), 0.05), with_first, 1e-12);
}

TEST(UpperBoundTest, OverallWithTwoLevelsIsTheOtherLevelsShareOfTheDifference) {
  // r_a - r_all = (1 - w_a) (r_a - r_b): the bound shrinks with it.
  const std::vector<Counts> counts = {{30, 100}, {40, 300}};
  EXPECT_NEAR(upper_gap_bound(sample_of("overall", counts), 0.05),
              0.75 * upper_gap_bound(sample_of("max_min", counts), 0.05), 1e-12);
}

TEST(UpperBoundTest, RatioIsOnTheScaleOfLogarithms) {
  const GapSample sample = sample_of("ratio", {{30, 100}, {50, 100}});
  const Interval a = exact_limits(0.3, 100, 0.05), b = exact_limits(0.5, 100, 0.05);
  const double log_ratio = std::log(0.3 / 0.5) - std::hypot(std::log(0.3 / a.low), std::log(b.high / 0.5));
  EXPECT_NEAR(upper_gap_bound(sample, 0.05), 1 - std::exp(log_ratio), 1e-12);
  EXPECT_EQ(upper_gap_bound(sample_of("ratio", {{0, 100}, {50, 100}}), 0.05), 1);
  EXPECT_EQ(upper_gap_bound(sample_of("ratio", {{0, 100}, {0, 100}}), 0.05), 1);
}

class EveryForm : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryForm, EndsLieAroundTheEstimateAndCloseInWithRows) {
  const std::string form = GetParam();
  double width = 2;
  for (const double rows : {40.0, 400.0, 4000.0, 40000.0}) {
    const GapSample sample = sample_of(form, {{0.3 * rows, rows}, {0.4 * rows, rows}, {0.2 * rows, rows}});
    const double gap = gap_of(sample);
    const Interval interval = gap_interval(sample, 0.05, 0.025, kDraws);
    EXPECT_LE(interval.low, gap);
    EXPECT_GT(upper_gap_bound(sample, 0.05), gap);
    EXPECT_GT(interval.high, upper_gap_bound(sample, 0.05));
    EXPECT_DOUBLE_EQ(interval.high, upper_gap_bound(sample, 0.025));
    EXPECT_LT(interval.high - interval.low, width);
    width = interval.high - interval.low;
  }
  EXPECT_LT(width, 0.05);
}

TEST_P(EveryForm, RatesAtZeroAndOneAreBounded) {
  for (const auto& counts : std::vector<std::vector<Counts>>{
           {{0, 40}, {0, 40}, {0, 40}}, {{40, 40}, {40, 40}, {40, 40}}, {{0, 40}, {40, 40}, {20, 40}}}) {
    const GapSample sample = sample_of(GetParam(), counts);
    const Interval interval = gap_interval(sample, 0.05, 0.025, kDraws);
    EXPECT_GE(interval.low, 0);
    EXPECT_LE(interval.low, gap_of(sample));
    EXPECT_GE(interval.high, gap_of(sample));
    EXPECT_LE(interval.high, 1);
    EXPECT_GT(interval.high, 0.05);  // 40 rows show nothing finer
    EXPECT_TRUE(std::isfinite(noise_floor(sample, kDraws)));
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, EveryForm, ::testing::Values("max_min", "overall", "reference", "ratio"),
                         [](const auto& form) { return std::string(form.param); });

TEST(IntervalTest, ThatLookedAtMorePairsBeginsLower) {
  const std::vector<Counts> two = {{200, 1000}, {300, 1000}};
  std::vector<Counts> five = two;
  for (int i = 0; i < 3; ++i) five.push_back({250, 1000});
  const Interval of_two = gap_interval(sample_of("max_min", two), 0.05, 0.025, kDraws);
  const Interval of_five = gap_interval(sample_of("max_min", five), 0.05, 0.025, kDraws);
  EXPECT_LT(of_five.low, of_two.low - 0.005);
  EXPECT_NEAR(of_five.high, of_two.high, 1e-12);
  // Five equal groups: Tukey's studentized range, q(.95, 5, infinity) / sqrt 2 = 2.728.
  const double deviation = std::sqrt((0.2 * 0.8 + 0.3 * 0.7) / 1000);
  EXPECT_NEAR((0.1 - of_five.low) / deviation, 2.728, 0.12);
  EXPECT_NEAR((0.1 - of_two.low) / deviation, 1.96, 0.12);
}

TEST(NoiseFloorTest, OfTwoLevelsIsTheMeanAbsoluteDifference) {
  // Both at the pooled .3: E|D| = sqrt(2 / pi) sd, nearly normal at these sizes.
  const GapSample sample = sample_of("max_min", {{280, 1000}, {170, 500}});
  const double deviation = std::sqrt(0.3 * 0.7 * (1.0 / 1000 + 1.0 / 500));
  EXPECT_NEAR(noise_floor(sample, {20000, 3}), std::sqrt(2 / M_PI) * deviation, 0.0003);
}

TEST(NoiseFloorTest, OfTinyLevelsIsExact) {
  // One row each at the rate 1/2: the gap is 1 in half of the cases, else 0.
  EXPECT_NEAR(noise_floor(sample_of("max_min", {{1, 1}, {0, 1}}), {20000, 3}), 0.5, 0.015);
}

TEST(DrawsTest, HangOnTheirSeedAlone) {
  const GapSample sample = sample_of("max_min", {{28, 100}, {17, 50}, {9, 40}});
  EXPECT_EQ(noise_floor(sample, {500, 1}), noise_floor(sample, {500, 1}));
  EXPECT_NE(noise_floor(sample, {500, 1}), noise_floor(sample, {500, 2}));
  EXPECT_EQ(gap_interval(sample, 0.05, 0.025, {500, 1}).low, gap_interval(sample, 0.05, 0.025, {500, 1}).low);
}

}  // namespace
}  // namespace equipoise::evaluation
