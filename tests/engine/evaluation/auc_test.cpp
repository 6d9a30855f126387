#include "engine/evaluation/auc.h"

#include <gtest/gtest.h>

#include <random>

namespace equipoise::evaluation {
namespace auc_test {

// Every pair of a positive and a negative, one by one.
std::optional<double> by_pairs(const std::vector<double>& scores, const std::vector<std::uint8_t>& labels,
                               const std::vector<float>& weights, const std::vector<std::int32_t>& codes,
                               std::int32_t level) {
  double won = 0, pairs = 0;
  for (std::size_t i = 0; i < scores.size(); ++i)
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (codes[i] != level || codes[j] != level || labels[i] != 1 || labels[j] != 0) continue;
      const double pair = weights.empty() ? 1.0 : double{weights[i]} * double{weights[j]};
      pairs += pair;
      won += pair * (scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0);
    }
  return pairs > 0 ? std::optional(won / pairs) : std::nullopt;
}

TEST(AucTest, EqualsTheShareOfPairsWithTiesAndWeightsAndGroups) {
  std::mt19937 random(2);
  for (int trial = 0; trial < 60; ++trial) {
    const std::size_t rows = 2 + random() % 60;
    std::vector<double> scores;
    std::vector<std::uint8_t> labels;
    std::vector<float> weights;
    std::vector<std::int32_t> codes;
    for (std::size_t i = 0; i < rows; ++i) {
      scores.push_back(static_cast<double>(random() % 9) / 8);  // many ties
      labels.push_back(random() % 2);
      if (trial % 2) weights.push_back(0.25f * static_cast<float>(1 + random() % 8));
      codes.push_back(static_cast<std::int32_t>(random() % 4) - 1);  // -1: of no level
    }
    const auto areas = RankedRows(scores, labels, weights).areas(codes, 3);
    for (std::int32_t level = 0; level < 3; ++level) {
      const auto expected = by_pairs(scores, labels, weights, codes, level);
      ASSERT_EQ(areas[level].has_value(), expected.has_value());
      EXPECT_NEAR(areas[level].value_or(-1), expected.value_or(-1), 1e-12);
    }
  }
}

TEST(AucTest, ByHand) {
  const std::vector<double> scores = {0.1, 0.4, 0.4, 0.8};
  const std::vector<std::uint8_t> labels = {0, 0, 1, 1};
  const std::vector<std::int32_t> all(4, 0);
  // pairs: (.4, .1) won, (.4, .4) tied, (.8, .1) and (.8, .4) won
  EXPECT_DOUBLE_EQ(*RankedRows(scores, labels, {}).areas(all, 1)[0], 3.5 / 4);
  EXPECT_DOUBLE_EQ(*RankedRows(scores, labels, {}).area(), 3.5 / 4);
  EXPECT_FALSE(RankedRows({}, {}, {}).areas({}, 1)[0]);
  EXPECT_FALSE(RankedRows({}, {}, {}).area());
}

TEST(AucTest, RowsWithoutTheColumnHaveNoLevel) {
  const std::vector<double> scores = {0.1, 0.4};
  const std::vector<std::uint8_t> labels = {0, 1};
  const auto areas = RankedRows(scores, labels, {}).areas({}, 2);
  EXPECT_EQ(areas, std::vector<std::optional<double>>(2));
}

}  // namespace auc_test
}  // namespace equipoise::evaluation
