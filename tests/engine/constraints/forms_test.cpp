#include "engine/constraints/forms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace forms_test {

ConstraintTable three_races(const std::string& form, double tolerance) {
  std::vector<RowBlock> blocks;
  for (const char* race : {"Black", "Other", "White"})
    for (const int label : {0, 1}) blocks.push_back({"Male", race, label, data::Split::train, 50});
  core::Journal journal;
  return compile({{"demographic_parity", {"race"}, tolerance, form, form == "reference" ? "Other" : ""}},
                 handmade_dataset(blocks), 30, config::Origin(), journal);
}

// What each form says, from the rates of Black, Other, White (and of everyone), written without the table.
double gap_by_definition(const std::string& form, const std::vector<double>& r) {
  if (form == "ratio") return 1 - std::min({r[0], r[1], r[2]}) / std::max({r[0], r[1], r[2]});
  if (form == "reference") return std::max(std::abs(r[0] - r[1]), std::abs(r[2] - r[1]));
  if (form == "overall") return std::max({std::abs(r[0] - r[3]), std::abs(r[1] - r[3]), std::abs(r[2] - r[3])});
  return std::max({std::abs(r[0] - r[1]), std::abs(r[1] - r[2]), std::abs(r[0] - r[2])});
}

class EveryForm : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryForm, RowsHoldExactlyWhenTheGapIsInside) {
  const std::string form = GetParam();
  constexpr double kTolerance = 0.13;
  const ConstraintTable table = three_races(form, kTolerance);
  EXPECT_EQ(table.rows.size(), form == "reference" ? 4u : 6u);
  std::mt19937 random(5);
  int inside = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    // Levels scattered around a common rate, so that about half of the gaps are inside.
    const auto uniform = [&] { return static_cast<double>(random()) / 4294967296.0; };
    const double center = 0.2 + 0.6 * uniform(), spread = form == "reference" || form == "max_min" ? 0.25 : 0.3;
    std::vector<double> rates(table.rates.size());
    for (int g = 0; g < 3; ++g) rates[g] = center + spread * (uniform() - 0.5) * (form == "ratio" ? center : 1);
    if (form == "overall") rates[3] = (rates[0] + rates[1] + rates[2]) / 3;
    const double expected = gap_by_definition(form, rates);
    ASSERT_NEAR(gap(table.promises[0], rates), expected, 1e-12);
    const std::vector<double> g = violations(table, rates);
    const double worst = *std::max_element(g.begin(), g.end());
    if (std::abs(expected - kTolerance) > 1e-9) {
      ASSERT_EQ(worst <= 0, expected <= kTolerance) << expected;
    }
    inside += expected <= kTolerance;
  }
  EXPECT_GT(inside, 2000);
  EXPECT_LT(inside, 18000);
}

INSTANTIATE_TEST_SUITE_P(Forms, EveryForm, ::testing::Values("max_min", "overall", "reference", "ratio"),
                         [](const auto& form) { return std::string(form.param); });

TEST(FormsTest, TheTableIsWalkedByTheTestAbove) {
  EXPECT_EQ(parity_form_names(), (std::vector<std::string>{"max_min", "overall", "reference", "ratio"}));
}

TEST(FormsTest, ViolationsAreDistancesForMaxMin) {
  const ConstraintTable table = three_races("max_min", 0.1);
  // Middle of .2 and .6 is .4: the highest is .2 above it, of which .05 is allowed.
  const std::vector<double> g = violations(table, {0.2, 0.3, 0.6});
  EXPECT_NEAR(g[0], -0.25, 1e-12);
  EXPECT_NEAR(g[1], 0.15, 1e-12);
  EXPECT_NEAR(g[4], 0.15, 1e-12);
}

TEST(FormsTest, RatioRowsAreDistancesFromBothEndsOfTheBand) {
  // Either end of the band implies the other, so each is checked by hand: .2 / 1.8 = 1 / 9 around the middle, .5.
  const std::vector<double> g = violations(three_races("ratio", 0.2), {0.4, 0.5, 0.6});
  EXPECT_NEAR(g[0], 0.4 - 0.5 * 10 / 9, 1e-12);
  EXPECT_NEAR(g[1], 0.5 * 8 / 9 - 0.4, 1e-12);
  EXPECT_NEAR(g[4], 0.6 - 0.5 * 10 / 9, 1e-12);
  EXPECT_NEAR(g[5], 0.5 * 8 / 9 - 0.6, 1e-12);
}

TEST(FormsTest, RatioOfRatesThatAreAllZeroIsEven) {
  const ConstraintTable table = three_races("ratio", 0.2);
  EXPECT_EQ(gap(table.promises[0], {0, 0, 0}), 0);
  for (const double g : violations(table, {0, 0, 0})) EXPECT_EQ(g, 0);
}

TEST(FormsTest, UndefinedRatesAreLeftOutOfTheMiddle) {
  const ConstraintTable table = three_races("max_min", 0.1);
  const std::vector<double> g = violations(table, {0.2, NAN, 0.6});
  EXPECT_NEAR(g[0], -0.25, 1e-12);
  EXPECT_TRUE(std::isnan(g[2]) && std::isnan(g[3]));
  EXPECT_NEAR(gap(table.promises[0], {0.2, NAN, 0.6}), 0.4, 1e-12);
}

}  // namespace forms_test
}  // namespace equipoise::constraints
