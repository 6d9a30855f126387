#include "engine/training/folds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace equipoise::training {
namespace folds_test {

data::Cells cells_of_rows(const std::vector<std::int32_t>& cells) {
  data::Cells result;
  result.of_row = cells;
  return result;
}

TEST(Folds, EveryRowIsInOneFoldAndCellsAreSharedOut) {
  std::vector<std::int32_t> cells;
  std::vector<std::int64_t> rows;
  for (int i = 0; i < 1000; ++i) {
    cells.push_back(i % 10 == 0 ? 2 : i % 3 == 0);
    if (i % 4 != 0) rows.push_back(i);  // the others are of another split
  }
  const auto folds = cut_into_folds(rows, cells_of_rows(cells), 7, 5);
  ASSERT_EQ(folds.size(), 7u);
  std::vector<std::int64_t> all;
  for (std::int32_t cell = 0; cell < 3; ++cell) {
    std::set<std::ptrdiff_t> counts;
    for (const auto& fold : folds) {
      EXPECT_TRUE(std::is_sorted(fold.begin(), fold.end()));
      counts.insert(std::count_if(fold.begin(), fold.end(), [&](std::int64_t row) { return cells[row] == cell; }));
      if (cell == 0) all.insert(all.end(), fold.begin(), fold.end());
    }
    EXPECT_LE(*counts.rbegin() - *counts.begin(), 1) << "cell " << cell;
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, rows);
}

TEST(Folds, HangOnTheSeedAndTheRowsAlone) {
  const std::vector<std::int64_t> rows = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const data::Cells cells = cells_of_rows(std::vector<std::int32_t>(10, 0));
  EXPECT_EQ(cut_into_folds(rows, cells, 3, 1), cut_into_folds(rows, cells, 3, 1));
  EXPECT_NE(cut_into_folds(rows, cells, 3, 1), cut_into_folds(rows, cells, 3, 2));
}

TEST(Folds, OneFoldIsTheRowsAsTheyAre) {
  const std::vector<std::int64_t> rows = {5, 7, 9};
  EXPECT_EQ(cut_into_folds(rows, cells_of_rows(std::vector<std::int32_t>(10, 0)), 1, 1),
            std::vector<std::vector<std::int64_t>>{rows});
}

TEST(Folds, MoreFoldsThanRowsLeaveEmptyOnes) {
  const auto folds = cut_into_folds({3, 4}, cells_of_rows(std::vector<std::int32_t>(5, 0)), 4, 1);
  std::size_t rows = 0;
  for (const auto& fold : folds) rows += fold.size();
  EXPECT_EQ(folds.size(), 4u);
  EXPECT_EQ(rows, 2u);
}

}  // namespace folds_test
}  // namespace equipoise::training
