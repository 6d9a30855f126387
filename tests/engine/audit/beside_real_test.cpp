#include "engine/audit/beside_real.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/core/seed.h"

namespace equipoise::audit {
namespace beside_real_test {

// Exact limits of 0 of 10 at 95 %: 0 and 1 - .025^(1/10) = .3085; of 10 of 10: 1 - .3085 and 1.
TEST(CompareShares, PutsTheLimitsOfBothTogether) {
  const BesideReal apart = compare_shares(1, 10, 0, 10, 0.95);
  const double limit = 1 - std::pow(0.025, 0.1);
  EXPECT_NEAR(apart.interval.low, 1 - std::hypot(limit, limit), 1e-9);
  EXPECT_NEAR(apart.interval.high, 1, 1e-9);
  const BesideReal known = compare_shares(0, 10, 0.2, 0, 0.95);
  EXPECT_NEAR(known.interval.low, -0.2, 1e-9);
  EXPECT_NEAR(known.interval.high, limit - 0.2, 1e-9);
}

// By hand: made .2 and .6 of persons 0 and 1, real .5 and .9 of persons 0 and 2. Parts: made -.1, +.1; real +.1, -.1; person 0
// moves it by 0, the others by .1 and -.1: error sqrt(.02 * 3 / 2).
TEST(CompareMeans, SumsOverPersons) {
  const BesideReal found = compare_means({0.2, 0.6}, {0, 1}, {0.5, 0.9}, {0, 2}, 3, 0.95);
  EXPECT_NEAR(found.made, 0.4, 1e-12);
  EXPECT_NEAR(found.real, 0.7, 1e-12);
  const double reach = 1.959964 * std::sqrt(0.02 * 1.5);
  EXPECT_NEAR(found.interval.low, -0.3 - reach, 1e-6);
  EXPECT_NEAR(found.interval.high, -0.3 + reach, 1e-6);
}

TEST(CompareMeans, WithoutAnyDifferenceStillKnowsLittle) {
  const BesideReal found = compare_means({0, 0, 0}, {0, 0, 1}, {0, 0}, {2, 3}, 4, 0.95);
  EXPECT_GT(found.interval.high, 0.5);  // two persons with none of anything
}

// Ten rows made of each person: as if they were independent, the interval would miss far more often than one time in twenty.
TEST(CompareMeans, HoldsWhereRowsAreOfFewPersons) {
  int missed = 0, missed_alone = 0;
  for (std::uint64_t draw = 0; draw < 400; ++draw) {
    std::vector<double> made, real;
    std::vector<std::int32_t> made_persons, real_persons, each_own;
    for (std::int32_t person = 0; person < 40; ++person) {
      const double share = core::uniform(core::mix(draw, static_cast<std::uint64_t>(person)));
      for (int i = 0; i < 10; ++i) {
        made.push_back(share);
        made_persons.push_back(person);
        each_own.push_back(40 + static_cast<std::int32_t>(each_own.size()));
      }
    }
    for (std::int32_t person = 40; person < 240; ++person) {
      real.push_back(core::uniform(core::mix(draw, static_cast<std::uint64_t>(person))));
      real_persons.push_back(person);
    }
    const auto misses = [&](const std::vector<std::int32_t>& persons, std::int32_t count) {
      std::vector<std::int32_t> reals;
      for (std::int32_t i = 0; i < 200; ++i) reals.push_back(count - 200 + i);
      const evaluation::Interval interval = compare_means(made, persons, real, reals, count, 0.95).interval;
      return interval.low > 0 || interval.high < 0;
    };
    missed += misses(made_persons, 240);
    missed_alone += misses(each_own, 640);
  }
  EXPECT_LT(missed, 36);  // 20 expected, 4 deviations more
  EXPECT_GT(missed_alone, 120);
}

}  // namespace beside_real_test
}  // namespace equipoise::audit
