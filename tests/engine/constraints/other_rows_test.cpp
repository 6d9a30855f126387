// The table over rows that training has not seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/constraints/table.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace other_rows_test {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Training has women and men in one region, and men in another.
data::Dataset trained() {
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::test})
    for (const int label : {0, 1})
      for (const auto& [sex, race] : {std::pair("Female", "White"), {"Male", "White"}, {"Male", "Other"}})
        blocks.push_back({sex, race, label, split, 50});
  return handmade_dataset(blocks);
}

ConstraintTable of_training() {
  core::Journal journal;
  return compile({{"demographic_parity", {"sex"}}, {"demographic_parity", {"race"}}}, trained(), 30, config::Origin(),
                 journal);
}

// The weights of a table's cells that the rate's denominator counts.
double rows_behind(const ConstraintTable& table, const Rate& rate) {
  std::vector<double> rows(table.cells.cells.size(), 0);
  for (const std::int32_t cell : table.cells.of_row) ++rows[cell];
  double total = 0;
  for (const auto& [index, coefficient] : rate.denominator) total += coefficient * rows[index / kQuantities];
  return total;
}

TEST(OtherRowsTest, ACombinationThatTrainingNeverHadCountsForBothItsLevels) {
  const data::Dataset fresh =
      handmade_dataset({{"Female", "Other", 0, data::Split::test, 9}, {"Male", "White", 1, data::Split::test, 4}});
  const ConstraintTable table = table_for(fresh, of_training());
  const Promise& by_sex = table.promises[0];
  EXPECT_THAT(by_sex.levels, ElementsAre("Female", "Male"));
  EXPECT_EQ(rows_behind(table, table.rates[by_sex.rates[0]]), 9);
  EXPECT_EQ(rows_behind(table, table.rates[by_sex.rates[1]]), 4);
  EXPECT_EQ(rows_behind(table, table.rates[table.promises[1].rates[1]]), 9);  // race=Other
}

// Women are there, and nothing is known of what was decided of anybody before.
TEST(OtherRowsTest, NobodyIsInAChurnWhoseStoredDecisionsAreNotKnown) {
  core::Journal journal;
  ConstraintParams churn{"churn", {"sex"}};
  churn.at_most = 0.6;
  const ConstraintTable trained = compile({churn}, two_sexes_decided_before(), 30, config::Origin(), journal);
  data::Dataset fresh = two_sexes_decided_before(10);
  fresh.stored_decisions->codes.clear();
  fresh.groupings[0].codes[0] = data::kUnknownLevel;
  const ConstraintTable table = table_for(fresh, trained);
  const Promise& promise = table.promises[0];
  EXPECT_THAT(promise.levels, ElementsAre("Female", "Male", kUnseenLevel));
  for (int level = 0; level < 3; ++level) {
    EXPECT_EQ(rows_behind(table, table.rates[promise.rates[level]]), 0);
    EXPECT_TRUE(promise.occurs[level]);
  }
}

TEST(OtherRowsTest, ALevelThatTrainingNeverHadIsNamedAndCountsByTheOtherGroupings) {
  data::Dataset fresh =
      handmade_dataset({{"Female", "White", 0, data::Split::test, 9}, {"Male", "White", 1, data::Split::test, 4}});
  for (int row = 0; row < 3; ++row) fresh.groupings[0].codes[row] = data::kUnknownLevel;
  const ConstraintTable table = table_for(fresh, of_training());
  const Promise& by_sex = table.promises[0];
  EXPECT_THAT(by_sex.levels, ElementsAre("Female", "Male", kUnseenLevel));
  EXPECT_FALSE(by_sex.estimable[2]);
  EXPECT_THAT(table.rates[by_sex.rates[2]].where, ElementsAre(Condition{"sex", kUnseenLevel}));
  EXPECT_EQ(rows_behind(table, table.rates[by_sex.rates[0]]), 6);
  EXPECT_EQ(rows_behind(table, table.rates[by_sex.rates[2]]), 3);
  const Promise& by_race = table.promises[1];
  EXPECT_EQ(by_race.levels.size(), 3u);
  EXPECT_EQ(rows_behind(table, table.rates[by_race.rates[2]]), 13);  // race=White
}

TEST(OtherRowsTest, ALevelWithoutARowDoesNotOccur) {
  const data::Dataset fresh = handmade_dataset({{"Female", "White", 0, data::Split::test, 9}});
  const ConstraintTable before = of_training(), table = table_for(fresh, before);
  EXPECT_THAT(before.promises[0].occurs, ElementsAre(true, true));
  EXPECT_THAT(before.promises[1].occurs, ElementsAre(false, true, true));
  EXPECT_THAT(table.promises[0].occurs, ElementsAre(true, false));
  EXPECT_THAT(table.promises[1].occurs, ElementsAre(false, false, true));
  EXPECT_FALSE(table.rates[table.promises[0].rates[1]].denominator.empty());  // training had men
}

TEST(OtherRowsTest, TheRowsOfTrainingGiveTheTableOfTraining) {
  const ConstraintTable before = of_training(), after = table_for(trained(), before);
  ASSERT_EQ(after.rates.size(), before.rates.size());
  for (std::size_t i = 0; i < before.rates.size(); ++i) {
    EXPECT_EQ(after.rates[i].numerator, before.rates[i].numerator);
    EXPECT_EQ(after.rates[i].denominator, before.rates[i].denominator);
  }
  EXPECT_EQ(after.cells.of_row, before.cells.of_row);
  EXPECT_EQ(after.promises[0].levels, before.promises[0].levels);
}

TEST(OtherRowsTest, WeightsThatMakeRowsCountForFewTakeALevelOut) {
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::test})
    for (const int label : {0, 1})
      for (const char* sex : {"Female", "Male"}) blocks.push_back({sex, "White", label, split, 50});
  blocks.push_back({"Female", "White", 1, data::Split::train, 1, 1e6});
  class Warnings : public core::Journal {
  } journal;
  const ConstraintTable table =
      compile({{"equal_opportunity", {"sex"}}}, handmade_dataset(blocks), 30, config::Origin(), journal);
  EXPECT_THAT(table.promises[0].estimable, ElementsAre(false, true));
  ASSERT_FALSE(journal.warnings().empty());
  EXPECT_THAT(journal.warnings()[0], ::testing::HasSubstr("51 rows in the train split (counting as 1.0)"));
}

}  // namespace other_rows_test
}  // namespace equipoise::constraints
