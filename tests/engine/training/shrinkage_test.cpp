#include "engine/training/shrinkage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/training/run_state.h"
#include "tests/engine/constraints/handmade_dataset.h"
#include "tests/engine/training/generated_people.h"

namespace equipoise::training {
namespace shrinkage_test {

using constraints::ConstraintTable;
using constraints::kColumns;
using testing::DoubleNear;
using testing::ElementsAre;

constexpr int kRows = 50;

// Two sexes by three races, crossed, as many of each label.
data::Dataset people() {
  std::vector<constraints::RowBlock> blocks;
  for (const char* sex : {"Female", "Male"})
    for (const char* race : {"Black", "Other", "White"})
      for (const int label : {0, 1}) blocks.push_back({sex, race, label, data::Split::train, kRows});
  data::Dataset dataset = constraints::handmade_dataset(blocks);
  dataset.groupings[2].cross = {"sex", "race"};
  return dataset;
}

ConstraintTable compiled(const data::Dataset& dataset, const std::vector<std::string>& groups,
                         const std::string& kind = "demographic_parity") {
  core::Journal journal;
  constraints::ConstraintParams wanted{kind, groups};
  return constraints::compile({wanted}, dataset, 10, {}, journal);
}

// Of the crossing's levels, in their order, so many rows and so many of them selected; half of both in either label.
std::vector<double> sums_of(const ConstraintTable& table, const std::vector<double>& rows,
                            const std::vector<double>& selected) {
  std::vector<double> sums(static_cast<std::size_t>(table.cells.count()) * kColumns, 0.0);
  for (std::size_t level = 0; level < rows.size(); ++level)
    for (std::size_t label = 0; label < 2; ++label) {
      sums[(2 * level + label) * kColumns + constraints::kWeight] = rows[level] / 2;
      sums[(2 * level + label) * kColumns + constraints::kHard] = selected[level] / 2;
    }
  return sums;
}

std::vector<double> shrunk(const data::Dataset& dataset, const ConstraintTable& table, const std::vector<double>& sums,
                           double rows) {
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact);
  std::vector<double> behind;
  for (const constraints::Rate& rate : table.rates)
    behind.push_back(constraints::value_of(rate.denominator, sums, constraints::Reading::exact));
  return Shrinkage(table, dataset, rows).shrunk(rates, sums, behind);
}

// Black women: 4 of 10. Women 4 + 20 + 100 of 10 + 40 + 200; black people 4 + 45 of 10 + 50.
TEST(Shrinkage, DrawsACrossingTowardsTheMeanOfItsParts) {
  const data::Dataset dataset = people();
  const ConstraintTable table = compiled(dataset, {"sex*race"});
  const std::vector<double> rows = {10, 40, 200, 50, 60, 300}, selected = {4, 20, 100, 45, 30, 90};
  const std::vector<double> got = shrunk(dataset, table, sums_of(table, rows, selected), 30);
  const double of_women = 124.0 / 250, of_black = 49.0 / 60, of_men = 165.0 / 410, of_white = 190.0 / 500;
  EXPECT_NEAR(got[0], (4 + 30 * (of_women + of_black) / 2) / 40, 1e-12);
  EXPECT_NEAR(got[5], (90 + 30 * (of_men + of_white) / 2) / 330, 1e-12);
}

TEST(Shrinkage, OfTruePositivesIsAmongPositives) {
  const data::Dataset dataset = people();
  const ConstraintTable table = compiled(dataset, {"sex*race"}, "equal_opportunity");
  std::vector<double> sums = sums_of(table, {10, 40, 200, 50, 60, 300}, {4, 20, 100, 45, 30, 90});
  for (std::size_t c = 0; c < sums.size(); c += 2 * kColumns) sums[c + constraints::kHard] = 0;  // of the negatives
  const std::vector<double> got = shrunk(dataset, table, sums, 15);
  EXPECT_NEAR(got[0], (2 + 15 * (62.0 / 125 + 24.5 / 30) / 2) / 20, 1e-12);
}

// Of three crossed groupings a parent leaves one out, and so is a crossing of two.
TEST(Shrinkage, OfADeepCrossingIsTowardsThoseWithOnePartLeftOut) {
  data::Dataset dataset = people();
  data::Grouping place{"place", {"north", "south"}, {}}, all{"all", {}, {}, {"sex", "race", "place"}};
  for (std::size_t row = 0; row < dataset.labels.size(); ++row) {
    place.codes.push_back(static_cast<std::int32_t>(row % 2));
    all.codes.push_back(2 * dataset.groupings[2].codes[row] + place.codes.back());
  }
  for (const std::string& level : dataset.groupings[2].levels)
    for (const char* part : {"north", "south"}) all.levels.push_back(level + "*" + part);
  dataset.groupings.push_back(place);
  dataset.groupings.push_back(all);
  const ConstraintTable table = compiled(dataset, {"all"});
  std::vector<double> rows, selected;
  for (int level = 0; level < 12; ++level) {
    rows.push_back(10.0 + 6 * level);
    selected.push_back(2.0 + level);
  }
  const std::vector<double> got = shrunk(dataset, table, sums_of(table, rows, selected), 20);
  // Level 0 is of black women in the north. Without the place 0 and 1; without the race 0, 2 and 4; without the sex 0 and 6.
  const auto rate = [&](const std::vector<std::size_t>& levels) {
    double of = 0, all_rows = 0;
    for (const std::size_t level : levels) {
      of += selected[level];
      all_rows += rows[level];
    }
    return of / all_rows;
  };
  const double parent = (rate({0, 1}) + rate({0, 2, 4}) + rate({0, 6})) / 3;
  EXPECT_NEAR(got[0], (2 + 20 * parent) / 30, 1e-12);
}

TEST(Shrinkage, LeavesWhatIsNoCrossingAndWhatIsNotKnown) {
  const data::Dataset dataset = people();
  const ConstraintTable table = compiled(dataset, {"race", "sex*race"});
  std::vector<double> rows, selected;
  for (std::size_t cell = 0; cell < static_cast<std::size_t>(table.cells.count()) / 2; ++cell) {
    rows.push_back(10.0 + static_cast<double>(cell));
    selected.push_back(3);
  }
  std::vector<double> sums = sums_of(table, rows, selected);
  sums[0] = sums[kColumns] = sums[constraints::kHard] = sums[kColumns + constraints::kHard] = 0;  // black women
  const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact),
                            got = shrunk(dataset, table, sums, 30);
  for (std::size_t r = 0; r < 3; ++r) EXPECT_EQ(got[r], rates[r]);  // by race
  EXPECT_TRUE(std::isnan(got[3]));
  EXPECT_NE(got[4], rates[4]);
  EXPECT_EQ(shrunk(dataset, table, sums_of(table, rows, selected), 0),
            constraints::rate_values(table, sums_of(table, rows, selected), constraints::Reading::exact));
}

TEST(Shrinkage, LeavesTheAimOfTheWorstGroup) {
  const data::Dataset dataset = people();
  const ConstraintTable table = compiled(dataset, {"sex*race"}, "worst_group");
  std::vector<double> sums = sums_of(table, {10, 40, 200, 50, 60, 300}, {4, 20, 100, 45, 30, 90});
  for (std::size_t c = 0; c < sums.size() / kColumns; ++c)
    sums[c * kColumns + constraints::kLoss] = static_cast<double>(c + 1);
  EXPECT_EQ(shrunk(dataset, table, sums, 200), constraints::rate_values(table, sums, constraints::Reading::exact));
}

// What a run reports is what it measured; its multipliers see the shrunk rates.
TEST(Shrinkage, MovesMultipliersAndNoFigure) {
  const data::Dataset dataset = people();
  const ConstraintTable table = compiled(dataset, {"sex*race"});
  RunConfig config = small_config();
  config.multipliers.update = "ascent";
  const std::vector<double> rows(6, 40), selected = {30, 20, 20, 20, 20, 20};
  const RunState::Sums sums{sums_of(table, rows, selected), {}, {}, {}};
  const auto measured = [&](double shrinkage_rows) {
    RunState run(config, table, MeasuredSplits::train, 100, false, {}, {}, Shrinkage(table, dataset, shrinkage_rows));
    return run.measure(sums, {10, 10, 1, 0});
  };
  const evaluation::Measurement bare = measured(0), drawn = measured(160);
  EXPECT_NEAR(bare.training_gaps[0].value(), 0.25, 1e-12);
  EXPECT_EQ(drawn.training_gaps[0], bare.training_gaps[0]);
  // Black women's .75 is drawn to .8 of that between .5 (men of other races) and .625 (black people), .6041667 for women.
  EXPECT_GT(*std::ranges::max_element(drawn.multipliers), 0.0);
  EXPECT_LT(*std::ranges::max_element(drawn.multipliers), 0.5 * *std::ranges::max_element(bare.multipliers));
}

}  // namespace shrinkage_test
}  // namespace equipoise::training
