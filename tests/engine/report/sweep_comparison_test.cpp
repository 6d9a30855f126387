#include "engine/report/sweep_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/sweep/effects.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::report {
namespace sweep_comparison_test {

TEST(ComparePair, AveragesPairsOfASeedAndCorrectsItsDifferences) {
  // Two widths beside each other at two rates and three seeds.
  std::vector<sweep::Point> points;
  std::vector<sweep::SampleFigures> figures;
  for (int width = 0; width < 2; ++width)
    for (int rate = 0; rate < 2; ++rate)
      for (int seed = 0; seed < 3; ++seed) {
        points.push_back({{"width", width}, {"rate", rate}, {"seed", seed}});
        figures.push_back({0.7 + 0.05 * width + 0.02 * rate + 0.001 * seed * width, 0.02, 0.03, 0.05});
      }
  const sweep::SweepResults results = sweep::sample_results(
      {{{"width"}, {{0}, {1}}}, {{"rate"}, {{0}, {1}}}, {{"seed"}, {{0}, {1}, {2}}}}, points, figures);
  const sweep::SettingPair pair = pair_from(results, "width=0,1");
  EXPECT_EQ(pair.pairs.size(), 6u);
  const auto compared = sweep_figures(results);
  const auto report =
      compare_pair(results, pair, compared, [&](std::size_t run) { return stored_figures(results, run, compared); });
  ASSERT_EQ(report.seeds.size(), 3u);
  EXPECT_EQ(report.runs.size(), 6u);
  const auto& accuracy = *report.arms[1].differences[0];
  EXPECT_NEAR(accuracy.paired.difference, 0.051, 1e-12);
  EXPECT_EQ(accuracy.paired.seeds, 3);
  // Student's point of two degrees of freedom, times .001 / sqrt(3).
  EXPECT_NEAR(accuracy.paired.interval.high - accuracy.paired.difference, 4.30265272991 * 0.001 / std::sqrt(3.0), 1e-9);
  EXPECT_EQ(report.seeds, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(report.comparisons, 1);
  EXPECT_NEAR(accuracy.corrected, 2 * accuracy.paired.p_value, 1e-9) << "Holm's of two";
  EXPECT_EQ(accuracy.finding, evaluation::Finding::better);
  EXPECT_FALSE(report.arms[1].differences[1]) << "the gaps are the same at all seeds: nothing is known of others";
}

TEST(ComparePair, SeedsAreTheirOwnNumbersInOrder) {
  std::vector<sweep::Point> points;
  std::vector<sweep::SampleFigures> figures;
  for (int width = 0; width < 2; ++width)
    for (const int seed : {10, 2}) {
      points.push_back({{"width", width}, {"seed", seed}});
      figures.push_back({0.7 + 0.05 * width, 0.02, 0.03, 0.05});
    }
  const sweep::SweepResults results =
      sweep::sample_results({{{"width"}, {{0}, {1}}}, {{"seed"}, {{10}, {2}}}}, points, figures);
  const auto compared = sweep_figures(results);
  const auto report = compare_pair(results, pair_from(results, "width=0,1"), compared,
                                   [&](std::size_t run) { return stored_figures(results, run, compared); });
  EXPECT_EQ(report.seeds, (std::vector<std::int64_t>{2, 10}));
  // The same difference at two seeds has no variance, and proves nothing for that.
  EXPECT_FALSE(report.arms[1].differences[0]);
  EXPECT_EQ(report.comparisons, 0);
}

TEST(ComparePair, AFigureThatARunLacksIsNotCompared) {
  sweep::SweepResults results = sweep::sample_grid(4);
  for (std::size_t run = 0; run < results.runs.size(); ++run) {
    auto& split = *results.runs[run].splits[static_cast<int>(data::Split::test)];
    const double shift = 0.001 * static_cast<double>(run * run % 7);
    *split.quality += shift;
    *split.constraints[0]->gap += shift;
  }
  results.runs[0].splits[static_cast<int>(data::Split::test)]->constraints[0]->gap.reset();
  const auto figures = sweep_figures(results);
  const auto report = compare_pair(results, pair_from(results, "tolerance=0.01,0.1"), figures,
                                   [&](std::size_t run) { return stored_figures(results, run, figures); });
  EXPECT_EQ(report.arms[1].differences[1]->paired.seeds, 3);
  EXPECT_EQ(report.arms[1].differences[0]->paired.seeds, 4);
}

}  // namespace sweep_comparison_test
}  // namespace equipoise::report
