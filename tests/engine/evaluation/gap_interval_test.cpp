#include "engine/evaluation/gap_interval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "engine/core/error.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/promises.h"
#include "tests/engine/evaluation/gap_samples.h"

namespace equipoise::evaluation {
namespace gap_interval_test {

using ::testing::HasSubstr;

constexpr Draws kDraws = {2000, 7};

class EveryForm : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryForm, EndsLieAroundTheEstimateAndCloseInWithRows) {
  const std::string form = GetParam();
  double width = 2;
  for (const double rows : {40.0, 400.0, 4000.0, 40000.0}) {
    const GapSample sample = sample_of(form, {{0.3 * rows, rows}, {0.4 * rows, rows}, {0.2 * rows, rows}});
    const double gap = gap_of(sample);
    const Interval interval = gap_interval(sample, 0.05, kDraws);
    EXPECT_LE(interval.low, gap);
    EXPECT_GT(interval.high, gap);
    EXPECT_GE(interval.high, upper_gap_bound(sample, 0.05));
    EXPECT_LT(interval.high - interval.low, width);
    width = interval.high - interval.low;
  }
  EXPECT_LT(width, 0.05);
}

TEST_P(EveryForm, RatesAtZeroAndOneAreBounded) {
  for (const auto& counts : std::vector<std::vector<Counts>>{
           {{0, 40}, {0, 40}, {0, 40}}, {{40, 40}, {40, 40}, {40, 40}}, {{0, 40}, {40, 40}, {20, 40}}}) {
    const GapSample sample = sample_of(GetParam(), counts);
    const Interval interval = gap_interval(sample, 0.05, kDraws);
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

// Two groups far apart: Newcombe's interval of a difference (1998, method 10), from Wilson's of the rates.
TEST(GapIntervalTest, OfTwoLevelsFarApartIsThatOfTheirDifference) {
  const Interval interval = gap_interval(sample_of("max_min", {{56, 70}, {24, 80}}), 0.05, {20000, 7});
  const Interval a = wilson(0.8, 70, 0.95), b = wilson(0.3, 80, 0.95);
  EXPECT_NEAR(interval.high, 0.5 + std::hypot(a.high - 0.8, 0.3 - b.low), 1e-12);
  EXPECT_NEAR(interval.low, 0.5 - std::hypot(0.8 - a.low, b.high - 0.3), 0.002);  // draws find the normal point
}

// Where the upper end cannot miss, the lower one has the whole error: at a true difference of d standard errors, d below 1.96,
// the absolute difference of the estimates exceeds its lower end's point p in 5 % of samples: 1 - F(p) + F(-p - 2 d) = .05.
// The lower end is the d that is p below the estimate.
TEST(GapIntervalTest, OfTwoLevelsNearEachOtherGivesTheLowerEndTheWholeError) {
  const double rows = 4000, deviation = std::sqrt(2 * 0.25 / rows), found = 2.9;
  const double apart = found * deviation / 2;
  const GapSample sample = sample_of("max_min", {{(0.5 - apart) * rows, rows}, {(0.5 + apart) * rows, rows}});
  double low = 0, high = found;
  for (int i = 0; i < 60; ++i) {
    const double d = (low + high) / 2, misses = normal_tail(found - d) + normal_tail(found + d);
    (misses < 0.05 ? low : high) = d;
  }
  EXPECT_LT(found - low, 1.7);
  EXPECT_NEAR(gap_interval(sample, 0.05, {50000, 7}).low / deviation, low, 0.06);
}

TEST(GapIntervalTest, OfManyNearlyEqualLevelsBeginsWhereTheirRangeWouldBeByChance) {
  // 2.9 standard errors between the ends of five, where equal ones reach 2.73 in 5 % of samples (Tukey's studentized range,
  // q(.95, 5, infinity) / sqrt 2): what remains above 0 is small.
  const double rows = 4000, deviation = std::sqrt(2 * 0.25 / rows), apart = 2.9 * deviation / 2;
  const auto sample_with = [&](std::vector<double> rates) {
    std::vector<Counts> counts;
    for (const double rate : rates) counts.push_back({rate * rows, rows});
    return sample_of("max_min", counts);
  };
  const Interval of_five = gap_interval(sample_with({0.5 - apart, 0.5, 0.5, 0.5, 0.5 + apart}), 0.05, {20000, 7});
  EXPECT_NEAR((2 * apart - of_five.low) / deviation, 2.68, 0.08);
  // Of two the same ends are known better.
  const Interval of_two = gap_interval(sample_with({0.5 - apart, 0.5 + apart}), 0.05, {20000, 7});
  EXPECT_GT(of_two.low, of_five.low + 0.5 * deviation);
  EXPECT_NEAR(of_two.high, of_five.high, 1e-12);
}

TEST(GapIntervalTest, IsNotWidenedByLevelsThatCannotBeTheFurthest) {
  const std::vector<Counts> two = {{2000, 10000}, {6000, 10000}};
  std::vector<Counts> nine = two;
  for (int i = 0; i < 7; ++i) nine.push_back({4000, 10000});
  const double of_two = gap_interval(sample_of("max_min", two), 0.05, {20000, 7}).low;
  EXPECT_NEAR(gap_interval(sample_of("max_min", nine), 0.05, {20000, 7}).low, of_two, 2e-4);
}

TEST(GapIntervalTest, OfMoreFiguresBeginsLowerEach) {
  const GapSample sample = sample_of("max_min", {{60, 200}, {90, 200}, {50, 100}});
  const std::vector<Interval> both = gap_intervals(sample, 0.05, {1, 4}, {500, 4});
  EXPECT_EQ(both[0].low, gap_interval(sample, 0.05, {500, 4}).low);
  EXPECT_LT(both[1].low, both[0].low);
  EXPECT_EQ(both[1].high, both[0].high);
}

TEST(GapIntervalTest, HangsOnItsSeedAlone) {
  const GapSample sample = sample_of("max_min", {{38, 100}, {17, 50}, {3, 40}});
  EXPECT_EQ(gap_interval(sample, 0.05, {500, 1}).low, gap_interval(sample, 0.05, {500, 1}).low);
  EXPECT_NE(gap_interval(sample, 0.05, {500, 1}).low, gap_interval(sample, 0.05, {500, 2}).low);
}

TEST(ResamplesTest, AreRefusedWhereTheyCannotReachTheConfidence) {
  for (const auto& [miss, least] : {std::pair(0.1, 19), {0.05, 39}, {0.02, 99}, {0.0002, 9999}}) {
    EXPECT_EQ(least_resamples(miss, 1), least);
    const GapSample sample = sample_of("max_min", {{4, 400}, {396, 400}});
    EXPECT_NO_THROW(gap_interval(sample, miss, {least, 1}));
    // The lower end has half of the error, and what the upper one leaves of the other half: at most all of it.
    EXPECT_THROW(gap_interval(sample, miss, {least / 2 - 1, 1}), std::logic_error) << miss;
  }
  const std::vector<constraints::ConstraintParams> parity = {{"demographic_parity", {"race"}}};
  const std::vector<constraints::ConstraintParams> odds = {{"equal_opportunity", {"race"}},
                                                           {"equalized_odds", {"race"}}};
  const config::Origin origin;
  EvaluationParams params;
  EXPECT_NO_THROW(check_resamples(params, odds, origin));
  params.confidence = 0.98;
  params.resamples = 100;
  EXPECT_NO_THROW(check_resamples(params, parity, origin));
  try {
    check_resamples(params, odds, origin);
    FAIL() << "100 resamples were taken for two promises at 98 %";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("evaluation.resamples is 100, too few for intervals at evaluation.confidence "
                                        "0.98; it needs at least 199"));
  }
}

}  // namespace gap_interval_test
}  // namespace equipoise::evaluation
