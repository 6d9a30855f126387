// Whether bounds and intervals miss as rarely as they say: by enumeration of all counts for two groups, by simulation
// for more. Fixed seeds.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "engine/core/seed.h"
#include "engine/evaluation/binomial_table.h"
#include "engine/evaluation/gap_bounds.h"
#include "tests/engine/evaluation/gap_samples.h"

namespace equipoise::evaluation {
namespace {

struct Setting {
  const char* form;
  std::vector<double> rates;
  std::vector<double> rows;
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) {
  out << setting.form;
  for (std::size_t i = 0; i < setting.rates.size(); ++i) out << ' ' << setting.rates[i] << '/' << setting.rows[i];
  return out;
}

double true_gap(const Setting& setting) {
  std::vector<Counts> counts;
  for (std::size_t i = 0; i < setting.rates.size(); ++i)
    counts.push_back({setting.rates[i] * setting.rows[i], setting.rows[i]});
  return gap_of(sample_of(setting.form, counts));
}

struct Misses {
  double bound = 0;     // the one-sided bound lies below the true gap
  double interval = 0;  // the interval does not hold it
};

Misses simulate(const Setting& setting, int experiments, int resamples) {
  const double gap = true_gap(setting);
  std::vector<BinomialTable> tables;
  for (std::size_t i = 0; i < setting.rates.size(); ++i)
    tables.emplace_back(static_cast<std::int64_t>(setting.rows[i]), setting.rates[i]);
  Misses misses;
  for (int e = 0; e < experiments; ++e) {
    std::vector<Counts> counts;
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const std::uint64_t bits = core::mix(core::mix(20, static_cast<std::uint64_t>(e)), i);
      counts.push_back({static_cast<double>(tables[i].draw(core::uniform(bits))), setting.rows[i]});
    }
    const GapSample sample = sample_of(setting.form, counts);
    misses.bound += upper_gap_bound(sample, 0.05) < gap;
    const Interval interval = gap_interval(sample, 0.05, 0.025, {resamples, static_cast<std::uint64_t>(e)});
    misses.interval += gap < interval.low - 1e-12 || gap > interval.high;
  }
  misses.bound /= experiments;
  misses.interval /= experiments;
  return misses;
}

double binomial(double n, double k, double p) {
  return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
                  (n - k) * std::log1p(-p));
}

// A promise whose true gap is at its tolerance is called "met" when the bound is inside it.
double wrongly_met(const Setting& setting) {
  const double gap = true_gap(setting);
  double missed = 0;
  for (double a = 0; a <= setting.rows[0]; ++a) {
    const double probability = binomial(setting.rows[0], a, setting.rates[0]);
    if (probability < 1e-5) {  // looked at in no detail, so counted as missed
      missed += probability;
      continue;
    }
    for (double b = 0; b <= setting.rows[1]; ++b) {
      const double both = probability * binomial(setting.rows[1], b, setting.rates[1]);
      if (both < 1e-7) {
        missed += both;
        continue;
      }
      const GapSample sample = sample_of(setting.form, {{a, setting.rows[0]}, {b, setting.rows[1]}});
      if (upper_gap_bound(sample, 0.05) < gap) missed += both;
    }
  }
  return missed;
}

class TwoGroups : public ::testing::TestWithParam<Setting> {};

TEST_P(TwoGroups, AreCalledMetWronglyInAtMostFivePercent) {
  EXPECT_LT(wrongly_met(GetParam()), 0.05);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, TwoGroups,
    ::testing::Values(Setting{"max_min", {0.1, 0.3}, {100, 100}}, Setting{"max_min", {0.3, 0.1}, {300, 100}},
                      Setting{"max_min", {0.02, 0.0}, {100, 100}}, Setting{"max_min", {0.2, 0.02}, {60, 60}},
                      Setting{"max_min", {0.5, 0.4}, {300, 100}}, Setting{"max_min", {0.5, 0.9}, {30, 30}},
                      Setting{"ratio", {0.2, 0.25}, {150, 150}}, Setting{"ratio", {0.1, 0.5}, {60, 60}}));

class ManyGroups : public ::testing::TestWithParam<Setting> {};

TEST_P(ManyGroups, BoundsAndIntervalsMissAsRarelyAsTheySay) {
  const Misses misses = simulate(GetParam(), 800, 300);
  RecordProperty("bound", std::to_string(misses.bound));
  RecordProperty("interval", std::to_string(misses.interval));
  // .05 and 2.6 standard errors of 800 experiments
  EXPECT_LE(misses.bound, 0.07) << GetParam();
  EXPECT_LE(misses.interval, 0.07) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Settings, ManyGroups,
                         ::testing::Values(Setting{"max_min", {0.3, 0.3}, {500, 500}},
                                           Setting{"max_min", {0.1, 0.1}, {100, 2000}},
                                           Setting{"max_min", {0.3, 0.32}, {2000, 500}},
                                           Setting{"max_min", {0.5, 0.4}, {2000, 2000}},
                                           Setting{"max_min", {0.3, 0.3, 0.3, 0.3, 0.3}, {2000, 800, 300, 150, 100}},
                                           Setting{"max_min", {0.1, 0.12, 0.15, 0.1, 0.12}, {2000, 800, 300, 150, 100}},
                                           Setting{"max_min", {0.5, 0.5, 0.4, 0.4, 0.4}, {500, 500, 500, 500, 500}},
                                           Setting{"max_min", {0.2, 0.2, 0.2, 0.2, 0.4}, {400, 400, 400, 400, 400}},
                                           Setting{"overall", {0.2, 0.25, 0.3}, {1000, 300, 200}},
                                           Setting{"reference", {0.3, 0.3, 0.3, 0.4}, {500, 300, 300, 300}},
                                           Setting{"ratio", {0.3, 0.3, 0.3}, {500, 300, 200}},
                                           Setting{"ratio", {0.3, 0.24, 0.27}, {500, 300, 200}}));

TEST(CoverageTest, TheIntervalOfTwoGroupsIsNotWiderThanItNeeds) {
  const Misses misses = simulate({"max_min", {0.4, 0.3}, {2000, 2000}}, 2000, 300);
  EXPECT_GT(misses.interval, 0.025);
  EXPECT_GT(misses.bound, 0.03);
}

}  // namespace
}  // namespace equipoise::evaluation
