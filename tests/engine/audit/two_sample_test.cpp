#include "engine/audit/two_sample.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/audit/correlation_drift.h"
#include "engine/core/seed.h"
#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace two_sample_test {

double normal(std::uint64_t seed, std::uint64_t place) {
  return std::sqrt(-2 * std::log(1 - core::uniform(core::mix(seed, 2 * place)))) *
         std::cos(6.283185307179586 * core::uniform(core::mix(seed, 2 * place + 1)));
}

// Two numbers and a level; the first half of the rows are real, the second made.
struct Both {
  data::Dataset dataset;
  CellSample sample;

  template <typename Number>
  Both(int each, std::uint64_t seed, const Number& numbers) {
    std::vector<float> one, other;
    std::vector<int> level;
    for (int i = 0; i < 2 * each; ++i) {
      const auto place = static_cast<std::uint64_t>(i);
      const auto [a, b] = numbers(normal(seed, 2 * place), normal(seed, 2 * place + 1), i >= each);
      one.push_back(static_cast<float>(a));
      other.push_back(static_cast<float>(b));
      level.push_back(core::mix(seed, place) % 3 == 0);
    }
    People people(static_cast<std::size_t>(2 * each));
    people.add_standardized("one", one);
    people.add_standardized("other", other);
    people.add_category("job", {"a", "b"}, level);
    dataset = people.dataset();
    for (int i = 0; i < each; ++i) {
      sample.real.push_back(row_of(dataset.encoded, i));
      sample.real_persons.push_back(i);
      sample.made.push_back(row_of(dataset.encoded, each + i));
      sample.made_persons.push_back(each + i);
    }
    sample.persons = 2 * each;
  }
  sampling::PointSpace space() const {
    std::vector<std::int64_t> real;
    for (std::size_t i = 0; i < sample.real.size(); ++i) real.push_back(static_cast<std::int64_t>(i));
    return sampling::PointSpace(dataset.encoded, real);
  }
  TwoSample told(std::uint64_t seed = 1) const {
    return tell_apart(space(), dataset.encoded.features, sample, 0.95, seed);
  }
  CorrelationDrift drift() const { return correlation_drift(space(), dataset.encoded.features, sample, 0.95); }
};

constexpr auto kSame = [](double a, double b, bool) { return std::pair(a, b); };

TEST(TwoSample, SeesMeansSpreadsAndShapesOfTwoColumnsTogether) {
  const Both moved(500, 1, [](double a, double b, bool made) { return std::pair(a + 0.7 * made, b); });
  EXPECT_GT(moved.told().interval.low, 0.6);  // normals .7 apart: Phi(.7 / sqrt 2) = .69
  EXPECT_LT(moved.told().auc, 0.75);
  const Both narrow(500, 2, [](double a, double b, bool made) { return std::pair(made ? a / 2 : a, b); });
  EXPECT_GT(narrow.told().interval.low, 0.6);
  // Both columns are as they were, each by itself, and uncorrelated; only their signs go together.
  const Both together(1000, 3, [](double a, double b, bool made) {
    const double sign = a * b > 0 ? 1 : -1;
    return std::pair(made ? a : a * sign, b);
  });
  const Both crossed(1000, 4, [](double a, double b, bool made) {
    if (!made) return std::pair(a, b);
    const double angle = std::atan2(b, a), length = std::hypot(a, b);
    const double turned = angle - 0.25 * std::sin(4 * angle);
    return std::pair(length * std::cos(turned), length * std::sin(turned));
  });
  EXPECT_GT(together.told().interval.low, 0.7);
  EXPECT_GT(crossed.told().interval.low, 0.5);
  EXPECT_LT(crossed.drift().interval.low, 0.05);
}

TEST(TwoSample, OfOneDistributionAlarmsAsOftenAsItSays) {
  int told = 0, below = 0;
  double sum = 0;
  constexpr int kDraws = 300;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    const TwoSample found = Both(100, 100 + draw, kSame).told(draw);
    told += found.p_value < 0.05;
    below += found.interval.high < 0.5;
    sum += found.auc;
  }
  RecordProperty("told", told);
  RecordProperty("below", below);
  EXPECT_LT(told, 31);  // 15 expected, 4 deviations more
  EXPECT_GT(told, 1);
  EXPECT_LT(below, 25);
  EXPECT_NEAR(sum / kDraws, 0.5, 0.02);
}

TEST(TwoSample, RowsOfFewPersonsAreNotTakenForMany) {
  int told = 0;
  for (std::uint64_t draw = 0; draw < 100; ++draw) {
    // Each made row is one of twenty people, ten times.
    Both both(200, 900 + draw, kSame);
    for (std::size_t i = 0; i < 200; ++i) {
      both.sample.made[i] = both.sample.made[i % 20];
      both.sample.made_persons[i] = 200 + static_cast<std::int32_t>(i % 20);
    }
    both.sample.persons = 220;
    told += both.told(draw).p_value < 0.05;
  }
  EXPECT_LT(told, 14);  // 5 expected, 4 deviations more
}

TEST(TwoSample, IsAPureFunctionOfItsSeed) {
  const Both both(100, 5, kSame);
  EXPECT_EQ(both.told(3).auc, both.told(3).auc);
  EXPECT_NE(both.told(3).auc, both.told(4).auc);
}

TEST(CorrelationDrift, FindsThePairAndItsSize) {
  // Correlations .8 among real rows, 0 among made ones.
  const Both both(400, 6, [](double a, double b, bool made) { return std::pair(a, made ? b : 0.8 * a + 0.6 * b); });
  const CorrelationDrift found = both.drift();
  EXPECT_EQ(found.first, "one");
  EXPECT_EQ(found.second, "other");
  EXPECT_NEAR(found.real, 0.8, 0.06);
  EXPECT_NEAR(found.made, 0, 0.15);
  EXPECT_GT(found.interval.low, 0.5);
  EXPECT_LT(found.p_value, 1e-6);
  // Of normal numbers the error is (1 - r^2) / sqrt(n), times the point of three pairs: of r = 0, 2.394 / sqrt(400) with the real
  // side's .36 of it.
  EXPECT_NEAR(found.interval.high - found.interval.low, 2 * 2.394 * std::sqrt((1 + 0.36 * 0.36) / 400), 0.06);
}

TEST(CorrelationDrift, OfSmallSamplesDoesNotAlarm) {
  int alarms = 0;
  for (std::uint64_t draw = 0; draw < 300; ++draw)
    alarms +=
        Both(200, 2000 + draw, [](double a, double b, bool) { return std::pair(a, 0.5 * a + b); }).drift().p_value <
        0.05;
  EXPECT_LT(alarms, 31);  // at most 15 expected, 4 deviations more
}

TEST(CorrelationDrift, SaysNothingOfColumnsThatDoNotVaryOrTooFewRows) {
  const Both constant(200, 7, [](double a, double, bool) { return std::pair(a, 1.0); });
  EXPECT_NE(constant.drift().second, "other");
  const Both few(20, 8, kSame);
  EXPECT_EQ(few.drift().first, "");
}

TEST(DenseColumns, TakeNumbersAndTheMostFrequentLevels) {
  const Both both(300, 9, kSame);
  const std::vector<DenseColumn> all = dense_columns(both.space(), both.dataset.encoded.features, both.sample, 10, 50);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].name, "one");
  EXPECT_EQ(all[3].name, "job = b");
  EXPECT_EQ(dense_columns(both.space(), both.dataset.encoded.features, both.sample, 10, 3).size(), 3u);
  EXPECT_EQ(dense_columns(both.space(), both.dataset.encoded.features, both.sample, 400, 50).size(), 2u);
}

}  // namespace two_sample_test
}  // namespace equipoise::audit
