#include "engine/sweep/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/sweep/effects.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string complaint(const SweepResults& results, const std::string& request) {
  try {
    pair_from(results, request);
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    return error.what();
  }
  return "";
}

TEST(PairFrom, SetsRunsSideBySideThatAgreeInAllElse) {
  SweepResults results = sample_grid();
  results.runs[1].status = RunStatus::failed;  // tolerance .01 at seed 1
  for (const char* request : {"constraints[0].tolerance=0.01,0.1", "tolerance = 0.01, 0.10", "tolerance=1e-2,0.1"}) {
    const SettingPair pair = pair_from(results, request);
    EXPECT_EQ(pair.first, "tolerance 0.01");
    EXPECT_EQ(pair.second, "tolerance 0.1");
    ASSERT_EQ(pair.pairs.size(), 2u);
    EXPECT_EQ(pair.pairs[1].first, 2u);
    EXPECT_EQ(pair.pairs[1].second, 8u);
    EXPECT_EQ(pair.pairs[1].seed, "2");
    EXPECT_EQ(pair.unpaired, 1u);
  }
}

TEST(PairFrom, OfAPairedAxisTheOtherFieldsGoAlong) {
  const SweepResults results =
      sample_results({{{"kind", "width"}, {{"mlp", 8}, {"linear", 0}}}},
                     {{{"kind", "mlp"}, {"width", 8}}, {{"kind", "linear"}, {"width", 0}}}, {{}, {}});
  EXPECT_EQ(pair_from(results, "kind=mlp,linear").pairs.size(), 1u);
}

TEST(PairFrom, ListsKeepTheirCommas) {
  const SweepResults results = sample_results(
      {{{"hidden"}, {}}}, {{{"hidden", Value::parse("[4, 8]")}}, {{"hidden", Value::parse("[16]")}}}, {{}, {}});
  EXPECT_EQ(pair_from(results, "hidden=[4, 8],[16]").first, "hidden [4,8]");
}

TEST(PairFrom, SaysWhatIsWrong) {
  const SweepResults results = sample_grid();
  EXPECT_THAT(complaint(results, "tolerence=0.01,0.1"), HasSubstr("'tolerence' (did you mean 'tolerance'?)"));
  EXPECT_THAT(complaint(results, "tolerence=0.01,0.1"), HasSubstr("the sweep varies constraints[0].tolerance, seed"));
  EXPECT_THAT(complaint(results, "tolerance=0.01,0.2"), HasSubstr("no run has constraints[0].tolerance=0.2"));
  EXPECT_THAT(complaint(results, "tolerance=0.01,0.2"), HasSubstr("there are 0.01, 0.03, 0.1"));
  for (const char* request : {"tolerance", "tolerance=0.01", "tolerance=0.01,0.03,0.1", "tolerance=0.01,", "=1,2"})
    EXPECT_NE(complaint(results, request), "") << request;
  EXPECT_THAT(complaint(results, "tolerance=0.01"), HasSubstr("expected an axis and two of its values"));
  EXPECT_THAT(complaint(results, "tolerance=0.01,0.010"), HasSubstr("both values"));
  SweepResults failed = results;
  for (std::size_t run = 0; run < 3; ++run) failed.runs[run].status = RunStatus::failed;
  EXPECT_THAT(complaint(failed, "tolerance=0.01,0.1"), HasSubstr("no finished run"));
}

TEST(BestPair, KeepsItsTolerancesFirstAndIsAccurateSecond) {
  SweepResults results = sample_grid();
  const auto pair = best_pair(results);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->first, "tolerance 0.1") << "the only one that keeps its tolerance";
  EXPECT_EQ(pair->second, "tolerance 0.03") << "the more accurate of the others";
  EXPECT_EQ(pair->pairs.size(), 3u);
  // The test rows have no say.
  for (std::size_t run = 6; run < 9; ++run)
    results.runs[run].splits[static_cast<int>(data::Split::test)] = sample_split({0.1, 0.9, 0.9, 0.1});
  EXPECT_EQ(best_pair(results)->first, "tolerance 0.1");
  for (std::size_t run = 0; run < 6; ++run) results.runs[run].status = RunStatus::missing;
  EXPECT_FALSE(best_pair(results)) << "there is one setting left";
}

TEST(ComparePair, AveragesPairsOfASeedAndCorrectsItsDifferences) {
  // Two widths beside each other at two rates and three seeds.
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  for (int width = 0; width < 2; ++width)
    for (int rate = 0; rate < 2; ++rate)
      for (int seed = 0; seed < 3; ++seed) {
        points.push_back({{"width", width}, {"rate", rate}, {"seed", seed}});
        figures.push_back({0.7 + 0.05 * width + 0.02 * rate + 0.001 * seed * width, 0.02, 0.03, 0.05});
      }
  const SweepResults results =
      sample_results({{{"width"}, {{0}, {1}}}, {{"rate"}, {{0}, {1}}}, {{"seed"}, {{0}, {1}, {2}}}}, points, figures);
  const SettingPair pair = pair_from(results, "width=0,1");
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
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  for (int width = 0; width < 2; ++width)
    for (const int seed : {10, 2}) {
      points.push_back({{"width", width}, {"seed", seed}});
      figures.push_back({0.7 + 0.05 * width, 0.02, 0.03, 0.05});
    }
  const SweepResults results = sample_results({{{"width"}, {{0}, {1}}}, {{"seed"}, {{10}, {2}}}}, points, figures);
  const auto compared = sweep_figures(results);
  const auto report = compare_pair(results, pair_from(results, "width=0,1"), compared,
                                   [&](std::size_t run) { return stored_figures(results, run, compared); });
  EXPECT_EQ(report.seeds, (std::vector<std::int64_t>{2, 10}));
  // The same difference at two seeds has no variance, and proves nothing for that.
  EXPECT_FALSE(report.arms[1].differences[0]);
  EXPECT_EQ(report.comparisons, 0);
}

TEST(ComparePair, AFigureThatARunLacksIsNotCompared) {
  SweepResults results = sample_grid(4);
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

TEST(ThinOut, KeepsEverySeed) {
  SettingPair pair;
  for (std::size_t i = 0; i < 100; ++i) pair.pairs.push_back({i, i, i < 97 ? "0" : std::to_string(i)});
  thin_out(pair, 10);
  ASSERT_EQ(pair.pairs.size(), 10u);
  std::set<std::string> seeds;
  for (const RunPair& one : pair.pairs) seeds.insert(one.seed);
  EXPECT_EQ(seeds.size(), 4u);
  EXPECT_GT(std::ranges::max(pair.pairs, {}, [](const RunPair& one) { return one.seed == "0" ? one.first : 0; }).first,
            80u)
      << "spread over all of its settings";
}

}  // namespace
}  // namespace equipoise::sweep
