#include "engine/data/edges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace equipoise::data {
namespace edges_test {

using testing::ElementsAre;

TEST(RampEdges, AreQuantilesWithBothEnds) {
  std::vector<double> values;
  for (int i = 0; i <= 100; ++i) values.push_back(i);
  EXPECT_THAT(ramp_edges(values, 4), ElementsAre(0, 25, 50, 75, 100));
}

TEST(RampEdges, JoinEqualQuantiles) {
  EXPECT_THAT(ramp_edges({1, 1, 1, 2, 3}, 4), ElementsAre(1, 2, 3));
}

TEST(RampEdges, AreTheValuesThemselvesWhenThereAreFew) {
  EXPECT_THAT(ramp_edges({0, 0, 1, 1}, 64), ElementsAre(0, 1));
  EXPECT_THAT(ramp_edges({1, 2, 3, 4, 5}, 64), ElementsAre(1, 2, 3, 4, 5));
}

// Like capital gain: nine of ten are 0, so quantiles of the values give one bin only.
TEST(RampEdges, TakeQuantilesOfDistinctValuesWhereTiesLeaveFewBins) {
  std::vector<double> values(900, 0.0);
  for (int i = 1; i <= 100; ++i) values.push_back(i);
  const std::vector<double> edges = ramp_edges(values, 10);
  EXPECT_GE(edges.size(), 9u);
  EXPECT_LE(edges.size(), 11u);
  EXPECT_TRUE(std::ranges::is_sorted(edges));
  EXPECT_EQ(edges.front(), 0);
  EXPECT_EQ(edges.back(), 100);
  EXPECT_LT(edges[1], 20);  // and not only the top tenth's end
}

TEST(RampEdges, NeverGiveMoreBinsThanAsked) {
  for (int ties = 0; ties < 200; ties += 7) {
    std::vector<double> values(static_cast<std::size_t>(ties), 5.0);
    for (int i = 0; i < 50; ++i) values.push_back(i * i);
    std::ranges::sort(values);
    for (const int bins : {2, 3, 5, 16, 64}) {
      const std::vector<double> edges = ramp_edges(values, bins);
      EXPECT_LE(edges.size(), static_cast<std::size_t>(bins) + 1) << ties << " " << bins;
      EXPECT_EQ(edges.front(), 0);
      EXPECT_EQ(edges.back(), 49 * 49);
    }
  }
}

}  // namespace edges_test
}  // namespace equipoise::data
