#include "engine/evaluation/gap_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/evaluation/limits.h"
#include "tests/engine/evaluation/gap_samples.h"

namespace equipoise::evaluation {
namespace gap_bounds_test {

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

TEST(LowerBoundTest, OfTwoLevelsIsSquareAndAddAtHalfTheTailForEitherDirection) {
  const GapSample sample = sample_of("max_min", {{90, 100}, {110, 200}});
  const Interval a = exact_limits(0.9, 100, 0.025), b = exact_limits(0.55, 200, 0.025);
  EXPECT_NEAR(lower_gap_bound(sample, 0.05), 0.35 - std::hypot(0.9 - a.low, b.high - 0.55), 1e-12);
  EXPECT_LT(lower_gap_bound(sample, 0.05), upper_gap_bound(sample, 0.05));
  // Nothing is shown of groups that are alike.
  EXPECT_EQ(lower_gap_bound(sample_of("max_min", {{50, 100}, {51, 100}}), 0.05), 0);
  // A floor's and a cap's are one contrast for each level.
  const Interval c = exact_limits(0.5, 100, 0.025);
  EXPECT_NEAR(lower_gap_bound(sample_of("at_most", {{50, 100}, {10, 100}}), 0.05), c.low, 1e-12);
}

}  // namespace gap_bounds_test
}  // namespace equipoise::evaluation
