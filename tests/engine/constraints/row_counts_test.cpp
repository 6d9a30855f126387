#include "engine/constraints/row_counts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/constraints/rates.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace row_counts_test {

TEST(RowCountsTest, EffectiveRowsOfWeights) {
  EXPECT_DOUBLE_EQ(effective_rows(10, 10), 10);         // ten rows of weight 1
  EXPECT_DOUBLE_EQ(effective_rows(1 + 3, 1 + 9), 1.6);  // weights 1 and 3
  EXPECT_EQ(effective_rows(0, 0), 0);
}

TEST(RowCountsTest, EffectiveRowsOfAShareKnowWhichRowsAreHeavy) {
  // 100 rows of weight 1, 30 of them in the share: 100. Of weight 1 and 3, unrelated to the share: Kish's.
  EXPECT_DOUBLE_EQ(effective_rows(100, 100, 0.3, 30), 100);
  EXPECT_NEAR(effective_rows(200, 500, 0.4, 200), 80, 1e-12);
  // 10 rows of weight 20 with 5 in the share, 990 of weight 1 with 10: R = 110 / 1190, and by hand
  // sum s^2 (y - R)^2 = 2010 (1080 / 1190)^2 + (2000 + 980) (110 / 1190)^2.
  const double scatter = (2010.0 * 1080 * 1080 + 2980.0 * 110 * 110) / (1190.0 * 1190.0);
  const double expected = 110.0 * 1080 / scatter;  // near 70, where Kish has 284
  EXPECT_NEAR(effective_rows(1190, 4990, 110.0 / 1190, 2010), expected, 1e-9);
  EXPECT_LT(expected, effective_rows(1190, 4990) / 3);
  // Heavy rows on the other side of nothing show no variance: never more than Kish's.
  EXPECT_DOUBLE_EQ(effective_rows(1190, 4990, 0, 0), effective_rows(1190, 4990));
  EXPECT_DOUBLE_EQ(effective_rows(1190, 4990, 1, 4990), effective_rows(1190, 4990));
  EXPECT_DOUBLE_EQ(effective_rows(1190, 4990, 10.0 / 1190, 10), effective_rows(1190, 4990));
}

TEST(RowCountsTest, AFormCountsEachOfItsCellsOnce) {
  const data::Dataset dataset = handmade_dataset({{"Female", "White", 0, data::Split::train, 4, 1},
                                                  {"Female", "White", 1, data::Split::train, 2, 3},
                                                  {"Male", "White", 1, data::Split::train, 5, 2}});
  const data::Cells cells = data::build_cells(dataset, {"sex"});
  const RowCounts counts = count_rows(cells, dataset);
  const Rate rate = make_rate("selection_rate", cells, {{"sex", "Female"}});
  EXPECT_EQ(rows_in(rate.denominator, counts.rows_of_cell[0]), 6);
  EXPECT_DOUBLE_EQ(effective_rows_in(rate.denominator, counts, 0), 10.0 * 10 / (4 + 18));
  EXPECT_EQ(effective_rows_in(rate.denominator, counts, 3), 0);
}

// Of the training rows alone, each by its weight, wherever their mean is.
TEST(RowCountsTest, TargetsVaryAsTheTrainingRowsHaveThem) {
  data::Dataset dataset = handmade_dataset({{"Female", "White", 0, data::Split::train, 2, 3},
                                            {"Female", "White", 0, data::Split::train, 1, 2},
                                            {"Female", "White", 0, data::Split::test, 2, 1},
                                            {"Male", "White", 0, data::Split::test, 2, 1}});
  dataset.task = data::Task::regression;
  dataset.targets = {1000001, 1000003, 1000009, 5, 7, 1, 2};
  dataset.target_mean = 1000000;
  const data::Cells cells = data::build_cells(dataset, {"sex"});
  const RowCounts counts = count_rows(cells, dataset);
  const double mean = (3 * 1 + 3 * 3 + 2 * 9) / 8.0, square = (3 * 1 + 3 * 9 + 2 * 81) / 8.0;
  for (const char* rate : {"residual", "squared_error"})
    EXPECT_NEAR(target_variance_in(make_rate(rate, cells, {{"sex", "Female"}}).denominator, counts),
                square - mean * mean, 1e-9);
  EXPECT_TRUE(std::isnan(target_variance_in(make_rate("residual", cells, {{"sex", "Male"}}).denominator, counts)));
  dataset.targets.clear();
  const RowCounts without = count_rows(cells, dataset);
  EXPECT_TRUE(std::isnan(target_variance_in(make_rate("residual", cells, {{"sex", "Female"}}).denominator, without)));
}

}  // namespace row_counts_test
}  // namespace equipoise::constraints
