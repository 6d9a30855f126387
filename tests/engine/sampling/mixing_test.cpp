#include "engine/sampling/mixing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/engine/sampling/census.h"

namespace equipoise::sampling {
namespace mixing_test {

using ::testing::ElementsAre;

RecipeParams mixup(std::vector<std::string> inside, std::vector<std::string> across) {
  RecipeParams params = recipe("mixup", {});
  params.inside = std::move(inside);
  params.across = std::move(across);
  params.share = 0.5;
  return params;
}

// Cells of the census by sex and label: f negative, f positive, m negative, m positive.
TEST(MixingTest, PartnersAreAlikeInsideAndDifferAcross) {
  const auto partners = [](const std::vector<std::string>& inside, const std::vector<std::string>& across) {
    RecipeParams params = mixup(inside, across);
    params.by = {"sex", "label"};
    return partner_cells(cells_for(params), params);
  };
  using Row = std::vector<bool>;
  EXPECT_THAT(partners({"sex"}, {}), ElementsAre(Row{true, true, false, false}, Row{true, true, false, false},
                                                 Row{false, false, true, true}, Row{false, false, true, true}));
  EXPECT_THAT(partners({"label"}, {}), ElementsAre(Row{true, false, true, false}, Row{false, true, false, true},
                                                   Row{true, false, true, false}, Row{false, true, false, true}));
  EXPECT_THAT(partners({"label"}, {"sex"}),
              ElementsAre(Row{false, false, true, false}, Row{false, false, false, true},
                          Row{true, false, false, false}, Row{false, true, false, false}));
}

// Beta(1, 1) is uniform; Beta(1/2, 1/2) has the quantile sin^2(pi p / 2).
TEST(MixingTest, PartsAreQuantilesOfABeta) {
  const std::vector<float> uniform = mixing_parts(1, 8), arcsine = mixing_parts(0.5, 64);
  for (std::size_t i = 0; i < uniform.size(); ++i) EXPECT_NEAR(uniform[i], (static_cast<double>(i) + 0.5) / 8, 1e-6);
  for (std::size_t i = 0; i < arcsine.size(); ++i)
    EXPECT_NEAR(arcsine[i], std::pow(std::sin(std::acos(-1.0) / 2 * (static_cast<double>(i) + 0.5) / 64), 2), 1e-6);
  const std::vector<float> steep = mixing_parts(0.2, 1024);
  EXPECT_NEAR(std::accumulate(steep.begin(), steep.end(), 0.0) / 1024, 0.5, 1e-6);
  EXPECT_TRUE(std::is_sorted(steep.begin(), steep.end()));
}

}  // namespace mixing_test
}  // namespace equipoise::sampling
