// Whether bounds and intervals miss as rarely as they say: by enumeration of all counts for two groups, by simulation
// for more. Fixed seeds.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "engine/core/seed.h"
#include "engine/evaluation/binomial_table.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/gap_interval.h"
#include "engine/evaluation/promises.h"
#include "tests/engine/evaluation/gap_samples.h"
#include "tests/engine/evaluation/handmade_scores.h"

namespace equipoise::evaluation {
namespace gap_coverage_test {

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
  double lower = 0;     // the lower one above it
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
    misses.lower += lower_gap_bound(sample, 0.05) > gap + 1e-12;
    const Interval interval = gap_interval(sample, 0.05, {resamples, static_cast<std::uint64_t>(e)});
    misses.interval += gap < interval.low - 1e-12 || gap > interval.high;
  }
  misses.bound /= experiments;
  misses.lower /= experiments;
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
  EXPECT_LE(misses.lower, 0.07) << GetParam();
  EXPECT_LE(misses.interval, 0.07) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Settings, ManyGroups,
    ::testing::Values(Setting{"max_min", {0.3, 0.3}, {500, 500}}, Setting{"max_min", {0.1, 0.1}, {100, 2000}},
                      Setting{"max_min", {0.3, 0.32}, {2000, 500}}, Setting{"max_min", {0.5, 0.4}, {2000, 2000}},
                      Setting{"max_min", {0.3, 0.3, 0.3, 0.3, 0.3}, {2000, 800, 300, 150, 100}},
                      Setting{"max_min", {0.1, 0.12, 0.15, 0.1, 0.12}, {2000, 800, 300, 150, 100}},
                      Setting{"max_min", {0.2, 0.2, 0.2, 0.2, 0.4}, {400, 400, 400, 400, 400}},
                      Setting{"max_min", {0.5, 0.475, 0.45, 0.425, 0.4}, {2000, 500, 250, 500, 1000}},
                      Setting{"at_most", {0.5, 0.5, 0.5, 0.5, 0.5}, {500, 500, 500, 500, 500}},
                      Setting{"overall", {0.2, 0.25, 0.3}, {1000, 300, 200}},
                      Setting{"reference", {0.3, 0.3, 0.3, 0.4}, {500, 300, 300, 300}},
                      Setting{"ratio", {0.3, 0.3, 0.3}, {500, 300, 200}},
                      Setting{"ratio", {0.3, 0.24, 0.27}, {500, 300, 200}}));

// Where several pairs of groups are apart by exactly the same, chance makes one of them look like the furthest, and the lower
// end misses more than it should: no choice of near contrasts serves these and groups of unequal rates
// (docs/statistics.md). The bound that "met" hangs on does not.
class TwoClusters : public ::testing::TestWithParam<Setting> {};

TEST_P(TwoClusters, MissSomewhatMore) {
  const Misses misses = simulate(GetParam(), 800, 300);
  RecordProperty("interval", std::to_string(misses.interval));
  EXPECT_LE(misses.bound, 0.07) << GetParam();
  EXPECT_LE(misses.lower, 0.07) << GetParam();
  EXPECT_LE(misses.interval, GetParam().rates.size() > 5 ? 0.14 : 0.1) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Settings, TwoClusters,
                         ::testing::Values(Setting{"max_min", {0.5, 0.5, 0.3, 0.3}, {500, 500, 500, 500}},
                                           Setting{"max_min", {0.5, 0.5, 0.4, 0.4, 0.4}, {500, 500, 500, 500, 500}},
                                           Setting{"max_min",
                                                   {0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4},
                                                   std::vector<double>(10, 500)}));

// Two groups with both labels, as cells whose sums are filled in by hand.
class DrawnCells {
 public:
  explicit DrawnCells(const std::string& kind) : made_(blocks(), {{kind, {"race"}, 0.05}}) {
    const std::size_t cells = made_.table.cells.cells.size();
    totals_.sums.assign(cells * constraints::kColumns, 0.0);
    totals_.rows.assign(cells, 0);
    totals_.selected_rows.assign(cells, 0);
  }

  // `weight` and `selected` of the rows with this label, and of their squares.
  void set(int level, int label, std::int64_t rows, double weight, double selected) {
    const std::size_t cell = place(level, label);
    totals_.sums[cell * constraints::kColumns + constraints::kWeight] = weight;
    totals_.sums[cell * constraints::kColumns + constraints::kHard] = selected;
    totals_.rows[cell] = rows;
  }
  void set_squares(int level, int label, double all, double selected) {
    totals_.squares.all.resize(totals_.rows.size());
    totals_.squares.selected.resize(totals_.rows.size());
    totals_.squares.all[place(level, label)] = all;
    totals_.squares.selected[place(level, label)] = selected;
  }

  double bound() const { return *upper_bounds(made_.table, totals_.sums, totals_.squares, {})[0]; }
  Verdict verdict(double tolerance) {
    std::vector<constraints::ConstraintParams> wanted = made_.constraints;
    wanted[0].tolerance = tolerance;
    for (constraints::Promise& promise : made_.table.promises) promise.tolerance = tolerance;
    EvaluationParams params;
    params.resamples = 100;
    return judge("test", totals_, made_.table, wanted, 30, params, 1)[0].verdict;
  }

 private:
  static std::vector<ScoreBlock> blocks() { return {{0, 0, 40, 4}, {0, 1, 40, 4}, {2, 0, 40, 4}, {2, 1, 40, 4}}; }
  std::size_t place(int level, int label) const {
    const auto& cells = made_.table.cells.cells;
    for (std::size_t c = 0; c < cells.size(); ++c)
      if (cells[c].levels[0] == level && cells[c].label == label) return c;
    throw std::logic_error("no such cell");
  }

  Handmade made_;
  CellTotals totals_;
};

double drawn(const BinomialTable& table, int experiment, std::uint64_t what) {
  const std::uint64_t key = core::mix(41, static_cast<std::uint64_t>(experiment));
  return static_cast<double>(table.draw(core::uniform(core::mix(key, what))));
}

// One group has heavy rows whose outcome differs from the others'; a second one is unweighted.
struct Heavy {
  double rows, weight, rate;
  double light_rows, light_rate;
  double other_rows, other_rate;
};

struct HeavyMisses {
  double bound = 0, bound_by_kish = 0;
};

HeavyMisses simulate(const Heavy& of, int experiments) {
  const double all = of.rows * of.weight + of.light_rows;
  const double gap = std::abs((of.rows * of.weight * of.rate + of.light_rows * of.light_rate) / all - of.other_rate);
  const auto table = [](double rows, double rate) { return BinomialTable(static_cast<std::int64_t>(rows), rate); };
  const BinomialTable heavy = table(of.rows, of.rate), light = table(of.light_rows, of.light_rate),
                      other = table(of.other_rows, of.other_rate);
  const double square = of.weight * of.weight;
  DrawnCells cells("demographic_parity");
  HeavyMisses misses;
  for (int e = 0; e < experiments; ++e) {
    const double h = drawn(heavy, e, 0), l = drawn(light, e, 1), o = drawn(other, e, 2);
    cells.set(0, 1, static_cast<std::int64_t>(of.rows + of.light_rows), all, of.weight * h + l);
    cells.set(2, 1, static_cast<std::int64_t>(of.other_rows), of.other_rows, o);
    cells.set_squares(0, 1, of.rows * square + of.light_rows, square * h + l);
    cells.set_squares(2, 1, of.other_rows, o);
    misses.bound += cells.bound() < gap;
    // As if weights had nothing to do with the outcome: Kish's number of rows.
    const double heavy_square = of.rows * square + of.light_rows, share = (of.weight * h + l) / all;
    cells.set_squares(0, 1, heavy_square, heavy_square * share);
    misses.bound_by_kish += cells.bound() < gap;
  }
  misses.bound /= experiments;
  misses.bound_by_kish /= experiments;
  return misses;
}

TEST(CoverageTest, WeightsThatGoWithTheOutcomeAreAccountedFor) {
  // Of 1,000 rows 1 % weigh 20 and are selected half of the time, the others at .01.
  const HeavyMisses rare = simulate({10, 20, 0.5, 990, 0.01, 2000, 0.01}, 2000);
  RecordProperty("rare", std::to_string(rare.bound));
  RecordProperty("rare_by_kish", std::to_string(rare.bound_by_kish));
  EXPECT_LE(rare.bound, 0.063);  // .05 and 2.6 standard errors
  EXPECT_GT(rare.bound_by_kish, 0.1);
  int place = 0;
  for (const Heavy& of : {Heavy{50, 5, 0.3, 450, 0.05, 500, 0.3}, Heavy{100, 10, 0.1, 900, 0.6, 1000, 0.3},
                          Heavy{100, 10, 0.5, 900, 0.02, 500, 0.2}, Heavy{300, 3, 0.4, 300, 0.4, 600, 0.3}}) {
    const HeavyMisses misses = simulate(of, 2000);
    RecordProperty("setting_" + std::to_string(place++), std::to_string(misses.bound));
    EXPECT_LE(misses.bound, 0.063) << of.rate << ' ' << of.light_rate;
  }
}

// The truly largest gap of two promises lies at the tolerance, of the other far inside: the verdict is wrong as often as
// the first one's bound misses, no more and, as nothing is divided over the promises, not much less.
TEST(CoverageTest, TwoPromisesAreCalledMetWronglyInAtMostFivePercent) {
  const BinomialTable a(500, 0.5), b(500, 0.4), same(4000, 0.1);
  DrawnCells cells("equalized_odds");
  constexpr int kExperiments = 2000;
  double met = 0;
  for (int e = 0; e < kExperiments; ++e) {
    cells.set(0, 1, 500, 500, drawn(a, e, 0));
    cells.set(2, 1, 500, 500, drawn(b, e, 1));
    cells.set(0, 0, 4000, 4000, drawn(same, e, 2));
    cells.set(2, 0, 4000, 4000, drawn(same, e, 3));
    met += cells.verdict(0.1 - 1e-9) == Verdict::met;
  }
  RecordProperty("met", std::to_string(met / kExperiments));
  EXPECT_LE(met / kExperiments, 0.063);
  EXPECT_GT(met / kExperiments, 0.034);  // 97.5 % bounds would be at .025
}

TEST(CoverageTest, IntervalsAreNotWiderThanTheyNeed) {
  const Misses of_two = simulate({"max_min", {0.4, 0.3}, {2000, 2000}}, 2000, 300);
  RecordProperty("of_two", std::to_string(of_two.interval));
  EXPECT_NEAR(of_two.interval, 0.05, 0.013);  // 2.6 standard errors
  EXPECT_GT(of_two.bound, 0.03);
  // One and a half standard errors apart: the upper end cannot miss, the lower one has the whole error.
  const Misses near = simulate({"max_min", {0.322, 0.3}, {2000, 2000}}, 2000, 300);
  RecordProperty("near", std::to_string(near.interval));
  EXPECT_NEAR(near.interval, 0.05, 0.013);
  // Five groups of which one pair is the furthest by far.
  const Misses of_five = simulate({"max_min", {0.2, 0.35, 0.4, 0.45, 0.6}, {2000, 2000, 2000, 2000, 2000}}, 2000, 300);
  RecordProperty("of_five", std::to_string(of_five.interval));
  EXPECT_NEAR(of_five.interval, 0.05, 0.013);
}

}  // namespace gap_coverage_test
}  // namespace equipoise::evaluation
