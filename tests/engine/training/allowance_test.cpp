#include "engine/training/allowance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::training {
namespace allowance_test {

using constraints::ConstraintTable;
using constraints::kColumns;
using testing::DoubleEq;
using testing::DoubleNear;
using testing::ElementsAre;

ConstraintTable compiled(const std::vector<constraints::ConstraintParams>& wanted) {
  std::vector<constraints::RowBlock> blocks;
  for (const char* race : {"Black", "Other", "White"})
    for (const int label : {0, 1}) blocks.push_back({"Male", race, label, data::Split::train, 50});
  core::Journal journal;
  return constraints::compile(wanted, constraints::handmade_dataset(blocks), 30, {}, journal);
}

// `rows` of each race with one label, so many of them selected.
std::vector<double> sums_of(const ConstraintTable& table, const std::vector<double>& rows,
                            const std::vector<double>& selected) {
  std::vector<double> sums(static_cast<std::size_t>(table.cells.count()) * kColumns, 0.0);
  for (std::size_t race = 0; race < 3; ++race) {
    sums[2 * race * kColumns + constraints::kWeight] = rows[race];
    sums[2 * race * kColumns + constraints::kHard] = selected[race];
  }
  return sums;
}

std::vector<double> violations_with(double errors, const ConstraintTable& table, const std::vector<double>& sums,
                                    double efficiency = 1) {
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact);
  return Allowance({errors, 0, 0}, std::vector<double>(table.rates.size(), efficiency), {})
      .violations(table, rates, sums);
}

// With as many rows held out as are measured.
std::vector<double> violations_with(const ChanceParams& params, const ConstraintTable& table,
                                    const std::vector<double>& sums) {
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact);
  const std::vector<double> ones(table.rates.size(), 1);
  return Allowance(params, ones, ones).violations(table, rates, sums);
}

// Of 98 rows 49 are selected: (49 + 1) / (98 + 2) = .5, and one error is sqrt(.25 / 98).
TEST(Allowance, TakesStandardErrorsOffABound) {
  constraints::ConstraintParams wanted{"selection_rate_bound", {"race"}};
  wanted.at_most = 0.4;
  const ConstraintTable table = compiled({wanted});
  const std::vector<double> sums = sums_of(table, {98, 98, 9800}, {49, 0, 4900});
  const double error = std::sqrt(0.25 / 98);
  const std::vector<double> g = violations_with(2, table, sums);
  EXPECT_NEAR(g[0], 0.1 - 2 * error, 1e-12);
  EXPECT_NEAR(g[1], -0.4 - 2 * std::sqrt(0.01 * 0.99 / 98), 1e-12) << "a rate of 0 has an error too";
  EXPECT_GT(g[2], 0.1 - 2 * 0.0051) << "many rows, a small one";
  // Rows worth half as many have a larger error.
  EXPECT_LT(violations_with(2, table, sums, 0.5)[0], g[0]);
}

// A rate over 98 rows gets 98 / (98 + 98) of one error, one over 9,800 a hundredth of it, or nearly.
TEST(Allowance, FadesWhereRowsAreMany) {
  constraints::ConstraintParams wanted{"selection_rate_bound", {"race"}};
  wanted.at_most = 0.4;
  const ConstraintTable table = compiled({wanted});
  const std::vector<double> g = violations_with({1, 98, 0}, table, sums_of(table, {98, 98, 9800}, {49, 0, 4900}));
  EXPECT_NEAR(g[0], 0.1 - 0.5 * std::sqrt(0.25 / 98), 1e-12);
  EXPECT_NEAR(g[2], 0.1 - 1 / 101.0 * std::sqrt(0.25 / 9800), 1e-5);
}

// Of 9,998 rows 4,999 are selected: the error is .005, that of a difference of two such rates sqrt(2) times it.
TEST(Allowance, TheMarginIsThatOfADifference) {
  const ConstraintTable table = compiled({{"demographic_parity", {"race"}, 0.1}});
  const std::vector<double> sums = sums_of(table, {9998, 9998, 9998}, {4999, 4999, 4999});
  const double error = std::sqrt(0.25 / 9998);
  for (const double g : violations_with({0, 0, 1}, table, sums))
    EXPECT_NEAR(g, -0.05 + error / std::sqrt(2), 1e-12) << "both ends together: sqrt(2) errors inside";
  constraints::ConstraintParams bound{"selection_rate_bound", {"race"}};
  bound.at_most = 0.6;
  for (const double g : violations_with({0, 0, 2}, compiled({bound}), sums)) EXPECT_NEAR(g, -0.1 + 2 * error, 1e-12);
}

// Between half and six tenths of its share a margin fades: .0275 of .05, two ends, is half way.
TEST(Allowance, AMarginFadesOutAndDoesNotSwitch) {
  const ConstraintTable table = compiled({{"demographic_parity", {"race"}, 0.1}});
  const std::vector<double> sums = sums_of(table, {9998, 9998, 9998}, {4999, 4999, 4999});
  const double errors = 0.0275 * std::sqrt(2) / std::sqrt(0.25 / 9998);
  for (const double g : violations_with({0, 0, errors}, table, sums)) EXPECT_NEAR(g, -0.05 + 0.0275 / 2, 1e-9);
}

// A margin of more than half the tolerance buys nothing that could be shown.
TEST(Allowance, AMarginThatLeavesTooLittleIsNotTaken) {
  const ConstraintTable table = compiled({{"demographic_parity", {"race"}, 0.1}});
  const std::vector<double> g = violations_with({0, 0, 1}, table, sums_of(table, {98, 98, 98}, {49, 49, 49}));
  for (const double violation : g) EXPECT_NEAR(violation, -0.05, 1e-12);
  // Nor is it by the large groups beside a small one: theirs is not what makes the gap uncertain.
  for (const double violation : violations_with({0, 0, 1}, table, sums_of(table, {9998, 98, 9998}, {4999, 49, 4999})))
    EXPECT_NEAR(violation, -0.05, 1e-12);
}

TEST(Allowance, OfTheMarginAloneTakesNothingOff) {
  const ConstraintTable table = compiled({{"demographic_parity", {"race"}, 0.1}});
  const std::vector<double> sums = sums_of(table, {9998, 4998, 2998}, {4999, 2600, 1400});
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact);
  const std::vector<double> ones(table.rates.size(), 1);
  const std::vector<double> found =
      Allowance({0.5, 700, 1}, ones, ones).of_margin_alone().violations(table, rates, sums);
  EXPECT_EQ(found, violations_with({0, 0, 1}, table, sums));
  EXPECT_NE(found, violations_with({0.5, 700, 1}, table, sums));
}

TEST(Allowance, OfNoneLeavesViolationsAsTheyAre) {
  const ConstraintTable table = compiled({{"demographic_parity", {"race"}, 0.1}});
  const std::vector<double> sums = sums_of(table, {98, 98, 98}, {49, 10, 20});
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact);
  EXPECT_EQ(violations_with(0, table, sums), constraints::violations(table, rates));
}

// Two large groups at .2 and .3 and a small one far off by chance: without an allowance the middle lies at .55 and asks
// the large ones to rise; with one the small group's end moves in.
TEST(Allowance, ASmallGroupDoesNotMoveTheMiddleForAll) {
  const ConstraintTable table = compiled({{"demographic_parity", {"race"}, 0.1}});
  const std::vector<double> sums = sums_of(table, {100000, 8, 100000}, {20000, 7.2, 30000});
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact);
  EXPECT_NEAR(constraints::violations(table, rates)[1], 0.55 - 0.2 - 0.05, 1e-9);  // Black below
  const double errors = 5, small = std::sqrt(0.82 * 0.18 / 8);                     // (7.2 + 1) / (8 + 2)
  const double middle = (0.2 + errors * std::sqrt(0.2 * 0.8 / 1e5) + 0.3 - errors * std::sqrt(0.3 * 0.7 / 1e5)) / 2;
  ASSERT_LT(0.9 - errors * small, 0.3) << "the small group's end lies inside the others'";
  const std::vector<double> g = violations_with(errors, table, sums);
  EXPECT_NEAR(g[1], middle - 0.2 - 0.05 - errors * std::sqrt(0.2 * 0.8 / 1e5), 1e-4);
  EXPECT_NEAR(g[2], 0.9 - middle - 0.05 - errors * small, 1e-4) << "and it is inside";
}

TEST(Allowance, UndefinedRatesStayUndefined) {
  const ConstraintTable table = compiled({{"demographic_parity", {"race"}, 0.1}});
  const std::vector<double> g = violations_with(1, table, sums_of(table, {100, 0, 100}, {20, 0, 30}));
  EXPECT_TRUE(std::isnan(g[2]) && std::isnan(g[3]));
  EXPECT_FALSE(std::isnan(g[0]));
}

TEST(Allowance, EfficiencyIsKishsShare) {
  const ConstraintTable table = compiled({{"demographic_parity", {"race"}, 0.1}});
  std::vector<double> weight(6, 10.0), square(6, 10.0);
  square[2] = 40;  // of Other, negative: as if few rows had most of the weight
  EXPECT_THAT(efficiency_of(table, weight, square, weight),
              ElementsAre(DoubleEq(1), DoubleNear(20 * 20 / 50.0 / 20, 1e-12), 1.0));
  const std::vector<double> measured(6, 40.0);
  EXPECT_THAT(efficiency_of(table, weight, square, measured)[0], DoubleEq(0.25)) << "of a quarter of the rows";
}

// Men of two races, in splits of these sizes, of whom the test split has other shares than training.
TEST(Allowance, WithoutSelectionRowsTheMarginIsThatOfAsManyPeopleAsAreTested) {
  const auto margin = [](int selected, int tested, int tested_others) {
    std::vector<constraints::RowBlock> blocks;
    for (const char* race : {"Other", "White"}) {
      const bool is_white = race[0] == 'W';
      for (const int label : {0, 1}) {
        blocks.push_back({"Male", race, label, data::Split::train, 4000});
        if (selected > 0) blocks.push_back({"Male", race, label, data::Split::selection, selected});
        blocks.push_back({"Male", race, label, data::Split::test, is_white ? tested : tested_others});
      }
    }
    core::Journal journal;
    const data::Dataset dataset = constraints::handmade_dataset(blocks, {"Male"}, {"Other", "White"});
    const ConstraintTable table =
        constraints::compile({{"demographic_parity", {"race"}, 0.1}}, dataset, 1, {}, journal);
    RunConfig config;
    config.multipliers.allowance = 0;
    config.multipliers.margin = 1;
    std::vector<double> sums(4 * kColumns, 0.0);
    for (std::size_t cell = 0; cell < 4; ++cell) {
      sums[cell * kColumns + constraints::kWeight] = 4000;
      sums[cell * kColumns + constraints::kHard] = 1200;
    }
    return allowance_of(config, table, dataset, MeasuredSplits::train)
        .margins(table, constraints::rate_values(table, sums, constraints::Reading::exact), sums)[0];
  };
  const double of_2000 = std::sqrt(0.3 * 0.7 / 2000 / 2);
  EXPECT_NEAR(margin(1000, 4, 4), of_2000, 1e-5);
  EXPECT_NEAR(margin(0, 1000, 1000), of_2000, 1e-5);
  EXPECT_EQ(margin(0, 1000, 1000), margin(0, 1600, 400)) << "who is tested was looked at";
  EXPECT_EQ(margin(0, 0, 0), 0);
}

}  // namespace allowance_test
}  // namespace equipoise::training
