#include "engine/sampling/copula.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace equipoise::sampling {
namespace copula_test {

using ::testing::ElementsAre;

// Two standardised numbers and a category of three levels.
struct Example {
  data::EncodedRows rows;

  Example() {
    rows.features = {{"a", data::FeatureKind::pick, 0, 2, false, {"a", "a missing"}},
                     {"b", data::FeatureKind::pick, 2, 2, false, {"b", "b missing"}},
                     {"c", data::FeatureKind::pick, 4, 3, false, {"c = x", "c = y", "c = z"}}};
    rows.width = 7;
  }
  void add(std::optional<float> a, float b, std::int16_t level) {
    rows.codes.insert(rows.codes.end(), {static_cast<std::int16_t>(a ? 0 : 1), 0, level});
    rows.values.insert(rows.values.end(), {a.value_or(1), b, 1});
    ++rows.rows;
  }
  Copulas fitted(std::vector<std::int64_t> offsets = {}, std::vector<bool> wanted = {true}) const {
    std::vector<std::int64_t> order(static_cast<std::size_t>(rows.rows));
    std::iota(order.begin(), order.end(), 0);
    if (offsets.empty()) offsets = {0, rows.rows};
    return fit_copulas(rows, order, offsets, wanted);
  }
};

std::vector<std::int32_t> ranked(const Copulas& copulas, std::size_t feature, std::size_t rows) {
  const auto first = copulas.ranked.begin() + static_cast<std::ptrdiff_t>(feature * rows);
  return {first, first + static_cast<std::ptrdiff_t>(rows)};
}

TEST(CopulaTest, RowsStandInTheOrderOfEachFeature) {
  Example example;
  example.add(0.3F, -1, 0);
  example.add({}, 5, 2);
  example.add(-0.7F, 2, 1);
  example.add(0.1F, 2, 0);
  const Copulas copulas = example.fitted();
  EXPECT_THAT(ranked(copulas, 0, 4), ElementsAre(2, 3, 0, 1));  // missing last
  EXPECT_THAT(ranked(copulas, 1, 4), ElementsAre(0, 2, 3, 1));  // equal ones as they come
}

TEST(CopulaTest, LevelsAreOrderedByTheNumbersTheyComeWith) {
  Example example;  // level 2 comes with low numbers, level 0 with high ones
  for (int i = 0; i < 30; ++i)
    example.add(static_cast<float>(i), static_cast<float>(2 * i), static_cast<std::int16_t>(2 - i / 10));
  const std::vector<std::int32_t> order = ranked(example.fitted(), 2, 30);
  std::vector<int> levels;
  for (const std::int32_t row : order) levels.push_back(2 - row / 10);
  const bool rising = levels.front() == 2;  // which end is first is the component's sign
  EXPECT_EQ(levels, (rising ? std::vector<int>{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1,
                                               1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
                            : std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1,
                                               1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}));
}

// L * L^T of a cell.
double correlation(const Copulas& copulas, std::size_t cell, std::size_t f, std::size_t g) {
  const float* factor = copulas.factors.data() + cell * 9;
  double sum = 0;
  for (std::size_t k = 0; k < 3; ++k) sum += static_cast<double>(factor[f * 3 + k]) * factor[g * 3 + k];
  return sum;
}

TEST(CopulaTest, FindsTheCorrelationOfNormalNumbersWhateverTheirScale) {
  Example example;
  std::mt19937 random(4);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 4000; ++i) {
    const double first = normal(random), second = 0.6 * first + 0.8 * normal(random);
    example.add(static_cast<float>(std::exp(first)), static_cast<float>(second), static_cast<std::int16_t>(i % 3));
  }
  const Copulas copulas = example.fitted();
  EXPECT_NEAR(correlation(copulas, 0, 0, 1), 0.6, 0.03);
  EXPECT_NEAR(correlation(copulas, 0, 0, 2), 0, 0.03);
  for (std::size_t f = 0; f < 3; ++f) EXPECT_NEAR(correlation(copulas, 0, f, f), 1, 1e-5);
  EXPECT_EQ(copulas.factors[1], 0);  // lower triangle
}

TEST(CopulaTest, FewRowsAreDrawnTowardsNone) {
  Example few;
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (int i = 0; i < 6; ++i) few.add(normal(random), normal(random), static_cast<std::int16_t>(i % 2));
  // By the formula: the variances of the correlations over their squares, at most all of them.
  const Copulas copulas = few.fitted();
  EXPECT_LT(std::abs(correlation(copulas, 0, 0, 1)), 0.6);
  for (const float entry : copulas.factors) EXPECT_TRUE(std::isfinite(entry));
}

TEST(CopulaTest, FeaturesThatSayTheSameOrNothingHaveAFactor) {
  Example example;
  for (int i = 0; i < 50; ++i) example.add(static_cast<float>(i), static_cast<float>(i), 1);
  const Copulas copulas = example.fitted();
  // One pair of three goes together: sampling errors of the others, 1 / 49 each, over its square.
  EXPECT_NEAR(correlation(copulas, 0, 0, 1), 1 - 2 / 49.0, 1e-4);
  EXPECT_EQ(correlation(copulas, 0, 0, 2), 0);
  for (const float entry : copulas.factors) EXPECT_TRUE(std::isfinite(entry));
}

TEST(CopulaTest, EachCellHasItsOwnAndTheOthersAreLeftAlone) {
  Example example;
  std::mt19937 random(6);
  std::normal_distribution<float> normal;
  for (int i = 0; i < 900; ++i) {
    const float a = normal(random), sign = i < 300 ? 1.0F : i < 600 ? -1.0F : 1.0F;
    example.add(a, sign * a + 0.3F * normal(random), 0);
  }
  const Copulas copulas = example.fitted({0, 300, 600, 900}, {true, true, false});
  EXPECT_GT(correlation(copulas, 0, 0, 1), 0.9);
  EXPECT_LT(correlation(copulas, 1, 0, 1), -0.9);
  EXPECT_EQ(correlation(copulas, 2, 0, 1), 0);
  EXPECT_EQ(ranked(copulas, 0, 900)[600], 600);
  const std::vector<std::int32_t> all = ranked(copulas, 0, 900);
  std::vector<std::int32_t> second(all.begin() + 300, all.begin() + 600);
  std::sort(second.begin(), second.end());
  EXPECT_EQ(second.front(), 300);
  EXPECT_EQ(second.back(), 599);
}

}  // namespace copula_test
}  // namespace equipoise::sampling
