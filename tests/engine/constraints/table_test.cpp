#include "engine/constraints/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace table_test {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

ConstraintTable compiled(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset,
                         std::int64_t min_rows = 30) {
  core::Journal journal;
  return compile(constraints, dataset, min_rows, config::Origin(), journal);
}

// Sums of the four cells (Female 0, Female 1, Male 0, Male 1): weight, loss, soft, hard.
const std::vector<double> kSums = {
    40, 4, 9,  10,  // Female, negative
    20, 2, 11, 12,  // Female, positive
    50, 5, 5,  5,   // Male, negative
    25, 3, 18, 20,  // Male, positive
};

TEST(RatesTest, AreRatiosOfCellSums) {
  const ConstraintTable table = compiled({{"demographic_parity", {"sex"}}, {"equalized_odds", {"sex"}}}, two_sexes());
  const std::vector<double> exact = rate_values(table, kSums, Reading::exact);
  // SR, TPR, FPR of Female and Male: (10 + 12) / 60, (5 + 20) / 75, 12 / 20, 20 / 25, 10 / 40, 5 / 50
  EXPECT_THAT(exact, ElementsAre(DoubleEq(22.0 / 60), DoubleEq(25.0 / 75), DoubleEq(0.6), DoubleEq(0.8), DoubleEq(0.25),
                                 DoubleEq(0.1)));
  const std::vector<double> soft = rate_values(table, kSums, Reading::soft);
  EXPECT_THAT(soft, ElementsAre(DoubleEq(20.0 / 60), DoubleEq(23.0 / 75), DoubleEq(11.0 / 20), DoubleEq(18.0 / 25),
                                DoubleEq(9.0 / 40), DoubleEq(5.0 / 50)));
  EXPECT_THAT(table.rates[2].numerator, ElementsAre(Pair(1 * kQuantities + positives, 1.0)));
  EXPECT_THAT(table.rates[2].denominator, ElementsAre(Pair(1 * kQuantities + weight, 1.0)));
}

TEST(RatesTest, AreUndefinedWithoutADenominatorAndMaskTheirRowsAlone) {
  const ConstraintTable table = compiled({{"equal_opportunity", {"sex"}, 0.1, "overall"}}, two_sexes());
  std::vector<double> sums = kSums;
  sums[1 * kColumns + kWeight] = sums[1 * kColumns + kHard] = 0;  // no positive woman
  const std::vector<double> rates = rate_values(table, sums, Reading::exact);
  EXPECT_TRUE(std::isnan(rates[0]));
  EXPECT_DOUBLE_EQ(rates[1], 0.8);
  const std::vector<double> g = violations(table, rates);
  EXPECT_TRUE(std::isnan(g[0]) && std::isnan(g[1]));
  EXPECT_DOUBLE_EQ(g[2], 0.0 - 0.1);
  EXPECT_TRUE(std::isnan(gap(table.promises[0], rates)));
}

TEST(TableTest, SharesRatesAndKnowsItsPromises) {
  const ConstraintTable table = compiled(
      {{"equalized_odds", {"sex"}, 0.02}, {"equal_opportunity", {"sex"}, 0.1, "reference", "Male"}}, two_sexes());
  EXPECT_THAT(table.rates, SizeIs(4));
  ASSERT_THAT(table.promises, SizeIs(3));
  EXPECT_EQ(table.promises[2].constraint, 1);
  EXPECT_EQ(table.promises[2].rates, table.promises[0].rates);
  EXPECT_EQ(table.promises[2].reference_level, 1);
  EXPECT_THAT(table.constraint_titles, ElementsAre("equalized odds by sex, gap at most 0.02",
                                                   "equal opportunity by sex, gap to Male at most 0.1"));
  EXPECT_THAT(promise_titles(table), ElementsAre("TPR gap by sex", "FPR gap by sex", "TPR gap to sex=Male"));
  EXPECT_THAT(row_titles(table),
              ElementsAre("TPR sex=Female above", "TPR sex=Female below", "TPR sex=Male above", "TPR sex=Male below",
                          "FPR sex=Female above", "FPR sex=Female below", "FPR sex=Male above", "FPR sex=Male below",
                          "TPR sex=Female above Male", "TPR sex=Female below Male"));
}

TEST(TableTest, TitlesOfTheOtherForms) {
  const ConstraintTable table = compiled(
      {{"demographic_parity", {"sex"}, 0.05, "ratio"}, {"predictive_equality", {"sex"}, 0.05, "overall"}}, two_sexes());
  EXPECT_THAT(table.constraint_titles, ElementsAre("demographic parity by sex, ratio at least 0.95",
                                                   "predictive equality by sex, gap to everyone at most 0.05"));
  EXPECT_THAT(promise_titles(table), ElementsAre("SR ratio gap by sex", "FPR gap to everyone by sex"));
  EXPECT_EQ(row_titles(table)[0], "SR sex=Female above in ratio");
  EXPECT_EQ(row_titles(table)[7], "FPR sex=Male below everyone");
}

TEST(TableTest, OverallRateIsOfEveryone) {
  const ConstraintTable table = compiled({{"demographic_parity", {"sex"}, 0.05, "overall"}}, two_sexes());
  const std::vector<double> rates = rate_values(table, kSums, Reading::exact);
  EXPECT_DOUBLE_EQ(rates[table.promises[0].overall_rate], 47.0 / 135);
  // Its gradient flows: the row has the rate of everyone as a term.
  EXPECT_THAT(table.rows[0].terms, ElementsAre(Pair(0, 1.0), Pair(2, -1.0)));
  EXPECT_DOUBLE_EQ(gap(table.promises[0], rates), 22.0 / 60 - 47.0 / 135);
}

TEST(TableTest, CrossesTheGroupingsThatConstraintsName) {
  std::vector<RowBlock> blocks;
  for (const char* sex : {"Female", "Male"})
    for (const char* race : {"Black", "White"})
      for (const int label : {0, 1}) blocks.push_back({sex, race, label, data::Split::train, 40});
  const data::Dataset dataset = handmade_dataset(blocks);
  const ConstraintTable table = compiled(
      {{"demographic_parity", {"sex"}}, {"equal_opportunity", {"race"}}, {"predictive_equality", {"sex*race"}}},
      dataset);
  EXPECT_THAT(table.cells.cells, SizeIs(8));  // the crossing adds none
  // Everything decided positive for Black women only: 80 of 160 women, 40 of 80 black positives.
  std::vector<double> sums(8 * kColumns, 0.0);
  for (std::size_t row = 0; row < dataset.labels.size(); ++row) {
    double* cell = &sums[static_cast<std::size_t>(table.cells.of_row[row]) * kColumns];
    cell[kWeight] += 1;
    cell[kHard] += row < 80;  // the first two blocks
  }
  const std::vector<double> rates = rate_values(table, sums, Reading::exact);
  EXPECT_DOUBLE_EQ(gap(table.promises[0], rates), 0.5);  // 80 / 160 of women, no man
  EXPECT_DOUBLE_EQ(gap(table.promises[1], rates), 0.5);  // 40 / 80 of Black positives, no White one
  EXPECT_DOUBLE_EQ(gap(table.promises[2], rates), 1.0);  // Black women against the others
}

TEST(TableTest, NoConstraintsIsATableOfLabels) {
  const ConstraintTable table = compiled({}, two_sexes());
  EXPECT_EQ(table.cells.count(), 2);
  EXPECT_THAT(table.rows, IsEmpty());
  EXPECT_THAT(violations(table, rate_values(table, std::vector<double>(8, 1.0), Reading::exact)), IsEmpty());
}

// Three levels with 50 rows per label, one of them with `few` positives in the selection split.
data::Dataset small_cell(int few) {
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::selection})
    for (const char* race : {"Black", "Other", "White"})
      for (const int label : {0, 1}) {
        const bool is_small = split == data::Split::selection && std::string(race) == "Other" && label == 1;
        blocks.push_back({"Male", race, label, split, is_small ? few : 50});
      }
  return handmade_dataset(blocks);
}

TEST(SmallCellTest, TakesTheLevelOutOfThatPromiseLoudly) {
  core::Journal journal;
  const ConstraintTable table =
      compile({{"equalized_odds", {"race"}, 0.1}}, small_cell(12), 30, config::Origin(), journal);
  EXPECT_THAT(table.promises[0].estimable, ElementsAre(true, false, true));  // TPR
  EXPECT_THAT(table.promises[1].estimable, ElementsAre(true, true, true));   // FPR
  EXPECT_THAT(table.rows, SizeIs(4 + 6));
  EXPECT_THAT(table.bands, ElementsAre(SizeIs(2), SizeIs(3)));
  ASSERT_THAT(journal.warnings(), SizeIs(1));
  EXPECT_EQ(
      journal.warnings()[0],
      "race=Other does not steer the training by 'TPR gap by race': its true positive rate rests on 12 rows in the "
      "selection split, fewer than multipliers.min_rows, 30; it can only be measured afterwards.");
  EXPECT_THAT(table.promises[0].short_splits, ElementsAre(IsEmpty(), ElementsAre("selection"), IsEmpty()));
  // The level's rate no longer matters.
  EXPECT_DOUBLE_EQ(gap(table.promises[0], {0.5, 0.9, 0.6, 0.1, 0.1, 0.1}), 0.1);
}

TEST(SmallCellTest, MinRowsIsTheSmallestNumberThatIsEnough) {
  EXPECT_TRUE(compiled({{"equal_opportunity", {"race"}}}, small_cell(30)).promises[0].estimable[1]);
  EXPECT_FALSE(compiled({{"equal_opportunity", {"race"}}}, small_cell(29)).promises[0].estimable[1]);
}

TEST(SmallCellTest, FewerThanTwoLevelsLeaveNoRows) {
  core::Journal journal;
  const ConstraintTable table = compile({{"equal_opportunity", {"sex"}}}, two_sexes(20), 30, config::Origin(), journal);
  EXPECT_THAT(table.rows, IsEmpty());
  EXPECT_THAT(table.bands, IsEmpty());
  ASSERT_THAT(journal.warnings(), SizeIs(5));
  EXPECT_THAT(journal.warnings()[0], HasSubstr("20 rows in the train split, fewer"));
  EXPECT_THAT(journal.warnings()[2], HasSubstr("20 rows in the test split, fewer"));
  EXPECT_THAT(journal.warnings()[4], HasSubstr("'TPR gap by sex' does not steer the training"));
}

// Training must not see them: the same table whatever the labels of the test rows are.
TEST(SmallCellTest, TestRowsDoNotDecideWhatSteers) {
  const auto with_test_positives = [](int women) {
    std::vector<RowBlock> blocks;
    for (const char* sex : {"Female", "Male"})
      for (const int label : {0, 1}) blocks.push_back({sex, "White", label, data::Split::train, 50});
    blocks.push_back({"Female", "White", 1, data::Split::test, women});
    blocks.push_back({"Female", "White", 0, data::Split::test, 100 - women});
    for (const int label : {0, 1}) blocks.push_back({"Male", "White", label, data::Split::test, 50});
    return handmade_dataset(blocks);
  };
  core::Journal many, few;
  const std::vector<ConstraintParams> wanted = {{"equal_opportunity", {"sex"}, 0.1}};
  const ConstraintTable a = compile(wanted, with_test_positives(61), 30, config::Origin(), many);
  const ConstraintTable b = compile(wanted, with_test_positives(29), 30, config::Origin(), few);
  EXPECT_THAT(b.rows, SizeIs(4));
  EXPECT_EQ(a.promises[0].estimable, b.promises[0].estimable);
  EXPECT_EQ(a.bands, b.bands);
  EXPECT_THAT(many.warnings(), IsEmpty());
  EXPECT_THAT(few.warnings(),
              ElementsAre("sex=Female cannot be judged by 'TPR gap by sex': its true positive rate rests on 29 rows in "
                          "the test split, fewer than multipliers.min_rows, 30; the verdict there cannot be 'met'."));
}

TEST(SmallCellTest, AReferenceLevelWithTooFewRowsLeavesNoRows) {
  core::Journal journal;
  const ConstraintTable table = compile({{"equal_opportunity", {"race"}, 0.1, "reference", "Other"}}, small_cell(12),
                                        30, config::Origin(), journal);
  EXPECT_THAT(table.rows, IsEmpty());
  EXPECT_THAT(journal.warnings().back(), HasSubstr("its reference level, Other, has too few rows"));
  EXPECT_TRUE(std::isnan(gap(table.promises[0], {0.1, 0.2, 0.3})));
}

}  // namespace table_test
}  // namespace equipoise::constraints
