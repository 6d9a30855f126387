#include "engine/evaluation/paired_differences.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "benchmarks/engine/paired_population.h"

namespace equipoise::evaluation {
namespace paired_differences_test {

PartedFigure figure(double whole, std::vector<double> without) {
  return {whole, std::move(without)};
}

// Three seeds, three parts. Differences of the whole: 2, 4, 6; without the parts: (1, 2, 3), (3, 4, 5), (5, 6, 7).
std::vector<PartedFigure> three_seeds() {
  return {figure(2, {1, 2, 3}), figure(4, {3, 4, 5}), figure(6, {5, 6, 7})};
}
std::vector<PartedFigure> nothing(std::size_t seeds) {
  return std::vector<PartedFigure>(seeds, figure(0, {0, 0, 0}));
}

TEST(PairedDifferences, ByHand) {
  const PairedDifference found = paired_difference(three_seeds(), nothing(3), 0.95);
  EXPECT_EQ(found.seeds, 3);
  EXPECT_DOUBLE_EQ(found.difference, 4);
  // 2^2 + 0 + 2^2 = 8, by S (S - 1) = 6.
  EXPECT_NEAR(found.seeds_error, std::sqrt(8.0 / 6), 1e-12);
  // Means over seeds without each part are 3, 4, 5, whose squared distances add up to 2: V_rows = 2/3 2. Each seed's own are
  // 1, 0, 1 as well: V_each = 3 (2/3 2) / 9.
  EXPECT_NEAR(found.rows_error, std::sqrt(4.0 / 3), 1e-12);
  EXPECT_NEAR(found.common_error, std::sqrt(4.0 / 3 - 4.0 / 9), 1e-12);
  // Student's point of two degrees of freedom is 4.302653: of the seeds and of the parts.
  const double square = 4.302653 * 4.302653 * (8.0 / 6 + 8.0 / 9);
  EXPECT_NEAR(found.interval.high - 4, std::sqrt(square), 1e-4);
  EXPECT_NEAR(4 - found.interval.low, std::sqrt(square), 1e-4);
  // The interval reaches 0 where Student's point is 4 / sqrt(20/9) = 2.683282, which is passed with probability .115358 of
  // 2 degrees: 1 - t / sqrt(2 + t^2).
  const double t = 4 / std::sqrt(20.0 / 9);
  EXPECT_NEAR(found.p_value, 1 - t / std::sqrt(2 + t * t), 1e-6);
}

TEST(PairedDifferences, AreOfThePairs) {
  std::vector<PartedFigure> arm = three_seeds(), baseline = nothing(3);
  for (std::size_t s = 0; s < 3; ++s) {
    const double seed = 10.0 * static_cast<double>(s * s);  // what both have of the split
    arm[s].whole += seed;
    baseline[s].whole += seed;
    for (std::size_t g = 0; g < 3; ++g) {
      arm[s].without[g] += seed + static_cast<double>(g);
      baseline[s].without[g] += seed + static_cast<double>(g);
    }
  }
  const PairedDifference plain = paired_difference(three_seeds(), nothing(3), 0.9),
                         shifted = paired_difference(arm, baseline, 0.9);
  EXPECT_DOUBLE_EQ(shifted.difference, plain.difference);
  EXPECT_NEAR(shifted.interval.low, plain.interval.low, 1e-12);
  EXPECT_NEAR(shifted.p_value, plain.p_value, 1e-9);
}

TEST(PairedDifferences, OfOneSeedRowsAloneAreTheChance) {
  const PairedDifference found = paired_difference({three_seeds()[0]}, nothing(1), 0.95);
  EXPECT_EQ(found.seeds_error, 0);
  EXPECT_NEAR(found.interval.high - found.difference, 4.302653 * std::sqrt(4.0 / 3), 1e-4);
}

// Seeds that agree by luck do not make test rows more.
TEST(PairedDifferences, NeverSurerThanTheRows) {
  std::vector<PartedFigure> arm = three_seeds();
  for (PartedFigure& one : arm) one.whole = 4;
  for (std::size_t s = 0; s < 3; ++s) arm[s].without = {s == 0 ? 1.0 : 4.0, s == 1 ? 1.0 : 4.0, s == 2 ? 1.0 : 4.0};
  arm[0].without = arm[1].without = arm[2].without = {3, 4, 5};
  const PairedDifference found = paired_difference(arm, nothing(3), 0.95);
  EXPECT_EQ(found.seeds_error, 0);
  EXPECT_NEAR(found.interval.high - 4, 4.302653 * std::sqrt(4.0 / 3), 1e-4);
}

TEST(PairedDifferences, EqualArmsDoNotDiffer) {
  const PairedDifference found = paired_difference(three_seeds(), three_seeds(), 0.95);
  EXPECT_EQ(found.difference, 0);
  EXPECT_EQ(found.p_value, 1);
  EXPECT_EQ(finding_of(found, 0, true, 0.95), Finding::unseen);
}

TEST(PairedDifferences, FindingsHangOnTheDirectionAndTheCorrection) {
  PairedDifference up;
  up.difference = 1;
  EXPECT_EQ(finding_of(up, 0.05, true, 0.95), Finding::better);
  EXPECT_EQ(finding_of(up, 0.05, false, 0.95), Finding::worse);
  EXPECT_EQ(finding_of(up, 0.051, true, 0.95), Finding::unseen);
  up.difference = -1;
  EXPECT_EQ(finding_of(up, 0.01, true, 0.95), Finding::worse);
  EXPECT_EQ(finding_of(up, 0.01, false, 0.95), Finding::better);
}

TEST(PairedDifferences, RefuseWhatIsNotPaired) {
  EXPECT_THROW(paired_difference({}, {}, 0.95), std::logic_error);
  EXPECT_THROW(paired_difference(three_seeds(), nothing(2), 0.95), std::logic_error);
  EXPECT_THROW(paired_difference({figure(1, {1})}, {figure(1, {1})}, 0.95), std::logic_error);
  EXPECT_THROW(paired_difference({figure(1, {1, 2, 3})}, {figure(1, {1, 2})}, 0.95), std::logic_error);
}

// Where the truth is known: rows alone, training as well, the same rows at every seed and new ones. 400 sets, whose share
// has a standard error of 1.1 points. benchmarks/engine/paired_coverage_benchmark.cpp has more.
TEST(PairedDifferences, IntervalsHoldTheTruthAsOftenAsTheySay) {
  for (const PairedSetting& setting :
       {PairedSetting{2, 0.1, false}, PairedSetting{3, 0.03, true}, PairedSetting{5, 0, false},
        PairedSetting{5, 0.1, false}, PairedSetting{10, 0.1, true}, PairedSetting{5, 0, true}}) {
    const PairedCoverage found = paired_coverage(setting, 400, 0.95, 11);
    for (const int f : {0, 1})
      EXPECT_GE(found.covered[f], 0.925) << setting.seeds << " seeds, noise " << setting.noise << ", same rows "
                                         << setting.same_test_rows << ", " << f;
    EXPECT_GT(found.covered[0] + found.covered[1], 1.87);
  }
}

// Of five seeds on new rows each, intervals are not much wider than they need to be: 90 % ones miss.
TEST(PairedDifferences, IntervalsAreNotTooWide) {
  const PairedCoverage found = paired_coverage({5, 0.1, true}, 400, 0.8, 12);
  EXPECT_LE(found.covered[0], 0.88);
}

}  // namespace paired_differences_test
}  // namespace equipoise::evaluation
