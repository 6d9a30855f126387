#include "engine/sweep/search.h"

#include <cmath>
#include <map>

#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace search_test {

using testing::HasSubstr;

class Search : public SweepFolder {
 protected:
  std::vector<double> rates(const std::string& search) const {
    const Planning planning =
        planned(search + "axes: {training.optimizer.learning_rate: {range: [1.0e-4, 1.0e-0], scale: log}}");
    std::vector<double> rates;
    for (const PlannedRun& run : planning.plan.runs) rates.push_back(run.point[0].second.get<double>());
    return rates;
  }
};

TEST_F(Search, SobolFillsTheSpaceMoreEvenlyThanChance) {
  // Of 64 points of a Sobol sequence, however shifted, 16 lie in each quarter.
  std::vector<int> quarters(4, 0);
  for (const double rate : rates("search: sobol\ntrials: 64\nseed: 3\n"))
    ++quarters[static_cast<std::size_t>(std::floor(std::log10(rate)) + 4)];
  EXPECT_THAT(quarters, testing::Each(16));
}

TEST_F(Search, DrawsHangOnTheSeedAndTheirNumberAlone) {
  const std::vector<double> ten = rates("search: random\ntrials: 10\nseed: 3\n"),
                            again = rates("search: random\ntrials: 10\nseed: 3\n");
  EXPECT_EQ(ten, again);
  std::vector<double> twenty = rates("search: random\ntrials: 20\nseed: 3\n");
  twenty.resize(10);
  EXPECT_EQ(ten, twenty) << "more trials go on where fewer ended";
  EXPECT_NE(ten, rates("search: random\ntrials: 10\nseed: 4\n"));
  for (const double rate : ten) EXPECT_TRUE(rate >= 1e-4 && rate <= 1);
}

TEST_F(Search, EveryDrawComesWithEverySeed) {
  const Planning planning = planned(
      "search: random\ntrials: 5\nseeds: [1, 2]\naxes: {training.optimizer.learning_rate: {range: [0.1, 0.2]}}");
  ASSERT_EQ(planning.plan.runs.size(), 10u);
  EXPECT_EQ(planning.plan.runs[0].point[0], planning.plan.runs[1].point[0]);
  EXPECT_EQ(planning.plan.runs[1].point[1].second, 2);
}

TEST_F(Search, ValuesAreDrawnByTheirProbabilities) {
  const auto counts = [&](const std::string& search) {
    const Planning planning =
        planned(search +
                "trials: 64\naxes: {training.epochs: {values: [1, 2, 3], probabilities: [0.25, 0, 0.75]}, "
                "training.seed: {range: [1, 1000000]}}");
    std::map<int, int> counts;
    for (const PlannedRun& run : planning.plan.runs) ++counts[run.point[0].second.get<int>()];
    return counts;
  };
  std::map<int, int> even = counts("search: sobol\n"), random = counts("search: random\n");
  EXPECT_EQ(even[1], 16) << "a quarter of a sequence that leaves no part empty";
  EXPECT_EQ(even[2] + random[2], 0);
  EXPECT_NEAR(random[3], 48, 12);
}

TEST_F(Search, ProbabilitiesThatDoNotFitAreRefused) {
  const auto complaint = [&](const std::string& search, const std::string& probabilities) {
    return refusal(search + "axes: {training.epochs: {values: [1, 2], probabilities: " + probabilities + "}}");
  };
  const std::string random = "search: random\ntrials: 3\n";
  EXPECT_THAT(complaint(random, "[1]"), HasSubstr("there are 1 probabilities for 2 values"));
  EXPECT_THAT(complaint(random, "[0.5, 0.6]"), HasSubstr("add up to 1.1, expected 1"));
  EXPECT_THAT(complaint(random, "[-0.5, 1.5]"), HasSubstr("between 0 and 1"));
  EXPECT_THAT(complaint("", "[0.5, 0.5]"), HasSubstr("draws nothing that could have probabilities"));
}

TEST_F(Search, MillionsAreCountedAndNotMade) {
  const std::string axes =
      "axes:\n"
      "  constraints.0.tolerance: {range: [0.001, 0.1, 1000]}\n"
      "  constraints.1.tolerance: {range: [0.001, 0.1, 1000]}\n"
      "  training.epochs: {range: [1, 10, 10]}\n";
  EXPECT_THAT(refusal(axes),
              HasSubstr("the axes make 10,000,000 settings, more than 20,000: say with --limit N how many to take"));
  EXPECT_EQ(planned(axes + "limit: 12\n").plan.runs.size(), 12u);
}

TEST_F(Search, DrawsStayBetweenTheEnds) {
  const Interval whole{Interval::Kind::even, 64.5, 66.5, false, true, 0};
  const Interval log{Interval::Kind::even, 64.5, 66.5, true, true, 0};
  const Interval stepped{Interval::Kind::even, 0.03, 0.24, false, false, 0.1};
  const Interval tens{Interval::Kind::even, 0.1, 0.3, false, false, 0.1};
  for (double u = 0.001; u < 1; u += 0.001) {
    for (const Interval& one : {whole, log}) EXPECT_TRUE(one.at(u) == 65 || one.at(u) == 66) << u;
    EXPECT_TRUE(stepped.at(u) == 0.1 || stepped.at(u) == 0.2) << u;
  }
  EXPECT_EQ(whole.at(0.49), 65);
  EXPECT_EQ(whole.at(0.51), 66);
  EXPECT_EQ(tens.at(0.999), 0.3);
  EXPECT_TRUE((Interval{Interval::Kind::even, 1.2, 1.8, false, true, 0}.is_empty()));
  EXPECT_FALSE((Interval{Interval::Kind::normal, 1.2, 1.8, false, true, 0}.is_empty()));
}

TEST_F(Search, NormalDrawsHaveTheirMeanAndSpread) {
  const Interval normal{Interval::Kind::normal, 3, 2, false, false, 0};
  EXPECT_NEAR(normal.at(0.5), 3, 1e-6);
  EXPECT_NEAR(normal.at(0.8413447), 5, 1e-4);  // one standard deviation up
  const Interval rounded{Interval::Kind::even, 0, 1, false, false, 0.25};
  EXPECT_EQ(rounded.at(0.3), 0.25);
  const Interval around_zero{Interval::Kind::even, -1, 1, false, false, 0.25};
  EXPECT_FALSE(std::signbit(around_zero.at(0.48))) << "-0 would be a number of its own in titles";
  const Interval whole{Interval::Kind::even, 1, 4, false, true, 0};
  EXPECT_EQ(whole.at(0.001), 1);
  EXPECT_EQ(whole.at(0.26), 2);
  EXPECT_EQ(whole.at(0.999), 4);
}

}  // namespace search_test
}  // namespace equipoise::sweep
