#include "engine/constraints/row_counts.h"

#include <gtest/gtest.h>

#include "engine/constraints/rates.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace {

TEST(RowCountsTest, EffectiveRowsOfWeights) {
  EXPECT_DOUBLE_EQ(effective_rows(10, 10), 10);         // ten rows of weight 1
  EXPECT_DOUBLE_EQ(effective_rows(1 + 3, 1 + 9), 1.6);  // weights 1 and 3
  EXPECT_EQ(effective_rows(0, 0), 0);
}

TEST(RowCountsTest, AFormCountsEachOfItsCellsOnce) {
  const data::Dataset dataset = handmade_dataset({{"Female", "White", 0, data::Split::train, 4, 1},
                                                  {"Female", "White", 1, data::Split::train, 2, 3},
                                                  {"Male", "White", 1, data::Split::train, 5, 2}});
  const data::Cells cells = data::build_cells(dataset, {"sex"});
  const RowCounts counts = count_rows(cells, dataset);
  const Rate rate = make_rate(RateKind::selection_rate, cells, 0, 0);
  EXPECT_EQ(rows_in(rate.denominator, counts.rows_of_cell[0]), 6);
  EXPECT_DOUBLE_EQ(effective_rows_in(rate.denominator, counts, 0), 10.0 * 10 / (4 + 18));
  EXPECT_EQ(effective_rows_in(rate.denominator, counts, 3), 0);
}

}  // namespace
}  // namespace equipoise::constraints
