#include "engine/sweep/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/sweep/effects.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace comparison_test {

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

TEST(PairFrom, LeavesOutPairsThatLearnedFromOtherData) {
  SweepResults results = sample_grid();
  for (RunResult& run : results.runs) run.data_sha256 = "one";
  results.runs[1].data_sha256 = "two";  // tolerance .01 at seed 1
  const SettingPair pair = pair_from(results, "tolerance=0.01,0.1");
  EXPECT_EQ(pair.pairs.size(), 2u);
  EXPECT_EQ(pair.of_other_data, 1u);
  EXPECT_EQ(pair.unpaired, 0u);
  for (std::size_t run = 0; run < 3; ++run) results.runs[run].data_sha256 = "two";
  EXPECT_THAT(complaint(results, "tolerance=0.01,0.1"), HasSubstr("the data files changed between them"));
}

TEST(PairFrom, LeavesOutPairsThatAreTestedOnOtherRows) {
  const SweepResults results = sample_results({{{"data.split.test"}, {{0.2}, {0.4}}}, {{"width"}, {{4}, {8}}}},
                                              {{{"data.split.test", 0.2}, {"width", 4}},
                                               {{"data.split.test", 0.4}, {"width", 4}},
                                               {{"data.split.test", 0.2}, {"width", 8}}},
                                              {{}, {}, {}});
  EXPECT_THAT(complaint(results, "data.split.test=0.2,0.4"),
              HasSubstr("and is tested on the same rows: 'data.split.test' says which rows these are"));
  EXPECT_EQ(pair_from(results, "width=4,8").pairs.size(), 1u);
}

TEST(PairFrom, LeavesOutPairsWhoseRowsFellIntoOtherSplits) {
  SweepResults results = sample_grid();
  for (RunResult& run : results.runs) run.splits_sha256 = "one";
  results.runs[1].splits_sha256 = "two";  // tolerance .01 at seed 1
  results.runs[2].splits_sha256 = "";     // which does not say
  const SettingPair pair = pair_from(results, "tolerance=0.01,0.1");
  EXPECT_EQ(pair.pairs.size(), 2u);
  EXPECT_EQ(pair.of_other_rows, 1u);
  EXPECT_EQ(pair.unpaired, 0u);
  for (std::size_t run = 0; run < 3; ++run) results.runs[run].splits_sha256 = "two";
  EXPECT_THAT(complaint(results, "tolerance=0.01,0.1"), HasSubstr("in all other axes and is tested on the same rows"));
}

TEST(PairFrom, SeedsAreNoSettings) {
  EXPECT_THAT(
      complaint(sample_grid(), "seed=0,1"),
      HasSubstr("'seed' seeds random numbers alone: runs that differ in it are repetitions of one setting, each "
                "with a split of its own, and have no test rows in common; name an axis"));
}

TEST(PairFrom, RunsOfOneSplitAreOneSeed) {
  std::vector<Point> points;
  for (const char* kind : {"mlp", "linear"})
    for (const int split : {1, 2})
      for (const int training : {1, 2, 3})
        points.push_back({{"kind", kind}, {"seed", split}, {"training.seed", training}});
  const SweepResults results = sample_results({{{"kind"}, {}}, {{"seed"}, {}}, {{"training.seed"}, {}}}, points,
                                              std::vector<SampleFigures>(points.size()));
  std::set<std::string> seeds;
  const SettingPair pair = pair_from(results, "kind=mlp,linear");
  for (const RunPair& one : pair.pairs) seeds.insert(one.seed);
  EXPECT_EQ(pair.pairs.size(), 6u);
  EXPECT_EQ(seeds, (std::set<std::string>{"1", "2"}));
}

TEST(PairFrom, AValueThatGoesWithSeveralOfAPairedAxisIsRefused) {
  const std::vector<Point> points = {{{"a", 1}, {"b", 1}}, {{"a", 1}, {"b", 2}}, {{"a", 3}, {"b", 4}}};
  const SweepResults results = sample_results({{{"a", "b"}, {}}}, points, {{}, {}, {}});
  EXPECT_THAT(complaint(results, "a=1,3"), HasSubstr("a=1 goes with b 1, b 2 on its paired axis"));
  EXPECT_THAT(pair_from(results, "b=2,4").how, HasSubstr("a 1 goes along with the first, a 3 with the second"));
}

TEST(PairFrom, QuotedValuesKeepTheirCommas) {
  const SweepResults results =
      sample_results({{{"group"}, {}}}, {{{"group", "sex, at birth"}}, {{"group", "race"}}}, {{}, {}});
  EXPECT_EQ(pair_from(results, "group='sex, at birth',race").first, "group sex, at birth");
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

}  // namespace comparison_test
}  // namespace equipoise::sweep
