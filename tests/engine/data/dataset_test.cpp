#include "engine/data/dataset.h"

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace dataset_test {

using testing::ElementsAre;
using testing::HasSubstr;

Dataset seven_rows() {
  Dataset dataset;
  dataset.encoded.rows = 7;
  dataset.labels = {0, 1, 1, 0, 1, 0, 1};
  dataset.groupings = {{"sex", {"man", "woman"}, {0, 1, 0, 1, 1, 0, 1}},
                       {"age", {"old", "young"}, {1, 1, 1, 0, 1, 1, 0}}};
  dataset.splits = {Split::train, Split::test, Split::train,  Split::selection,
                    Split::train, Split::test, Split::holdout};
  return dataset;
}

TEST(Dataset, RowsOfASplit) {
  EXPECT_THAT(seven_rows().rows_of(Split::train), ElementsAre(0, 2, 4));
  EXPECT_THAT(seven_rows().rows_of(Split::holdout), ElementsAre(6));
}

TEST(Dataset, NamesTheNearestGrouping) {
  EXPECT_EQ(seven_rows().grouping("age").levels[0], "old");
  EXPECT_THAT(
      error_of([] { seven_rows().grouping("sxe"); }),
      HasSubstr("there is no grouping 'sxe' (did you mean 'sex'?); the groupings of data.groups are: sex, age"));
}

TEST(Cells, WithoutGroupingsAreTheLabels) {
  const Cells cells = build_cells(seven_rows(), {});
  EXPECT_EQ(cells.count(), 2);
  EXPECT_THAT(cells.of_row, ElementsAre(0, 1, 1, 0, 1, 0, 1));
}

TEST(Cells, AreOccurringCombinationsInOrderEachWithBothLabels) {
  const Cells cells = build_cells(seven_rows(), {"sex", "age"});
  // (man, young), (woman, old), (woman, young); nobody is (man, old).
  ASSERT_EQ(cells.count(), 6);
  EXPECT_THAT(cells.cells[0].levels, ElementsAre(0, 1));
  EXPECT_THAT(cells.cells[2].levels, ElementsAre(1, 0));
  EXPECT_THAT(cells.cells[5].levels, ElementsAre(1, 1));
  EXPECT_EQ(cells.cells[4].label, 0);
  EXPECT_EQ(cells.cells[5].label, 1);
  EXPECT_THAT(cells.of_row, ElementsAre(0, 5, 1, 2, 5, 0, 3));
  EXPECT_EQ(cells.levels[1][0], "old");
}

TEST(Cells, OfOtherRowsKeepTheirPlacesAndLeaveNobodyOut) {
  const Cells cells = build_cells(seven_rows(), {"sex", "age"});
  Dataset other = seven_rows();
  other.groupings[0].codes = {0, kUnknownLevel, 0, 1, 1, 0, 1};
  other.groupings[1].codes = {0, 1, 1, 0, 1, 1, 0};
  const Cells here = cells_of(other, cells);
  // Row 0 is (man, old), a pair that training never had; row 1 a sex that it never had, and young.
  EXPECT_THAT(here.of_row, ElementsAre(8, 7, 1, 2, 5, 0, 3));
  ASSERT_EQ(here.count(), 10);
  EXPECT_THAT(here.cells[6].levels, ElementsAre(kUnknownLevel, 1));
  EXPECT_THAT(here.cells[8].levels, ElementsAre(0, 0));
  other.groupings[0].codes.clear();  // the file has no such column
  EXPECT_THAT(cells_of(other, cells).of_row, testing::Each(testing::Ge(6)));
  other.labels.clear();
  EXPECT_THAT(cells_of(other, cells).of_row, testing::Each(kUnknownLevel));
}

}  // namespace dataset_test
}  // namespace equipoise::data
