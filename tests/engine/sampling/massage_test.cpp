#include "engine/sampling/massage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/core/error.h"
#include "engine/sampling/sampler.h"
#include "tests/engine/sampling/census.h"

namespace equipoise::sampling {
namespace massage_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// 31 of 100 are positive: of 30 women 9.3 should be and 3 are, of 70 men 21.7 and 28 are. Scores rise with the row's number.
TEST(MassageTest, ChangesTheLabelsNearestToTheBoundaryUntilGroupsHaveThemAlike) {
  const RecipeParams params = recipe("massage", {"sex"});
  std::vector<double> scores;
  for (int row = 0; row < 100; ++row) scores.push_back(row);
  const Massage changed = massage(cells_for(params), params, scores);
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < 100; ++row)
    if (changed.is_changed[row]) rows.push_back(row);
  // The six positive men of the lowest scores, and the six negative women of the highest.
  EXPECT_THAT(rows, ElementsAre(21, 22, 23, 24, 25, 26, 72, 73, 74, 75, 76, 77));
  EXPECT_THAT(changed.sentences,
              ElementsAre("sex=f: 6 negative labels become positive", "sex=m: 6 positive labels become negative"));
}

TEST(MassageTest, OfEqualScoresTheFirstRowsChangeAndRowsWithoutWeightNone) {
  const RecipeParams params = recipe("massage", {"sex"});
  data::Dataset dataset = census();
  dataset.weights.assign(static_cast<std::size_t>(dataset.encoded.rows), 1);
  dataset.weights[0] = dataset.weights[73] = 0;  // a negative woman, a positive man
  const SampledCells cells = make_cells({{params}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  const Massage changed = massage(cells, params, std::vector<double>(100, 0.5));
  EXPECT_FALSE(changed.is_changed[0]);
  EXPECT_TRUE(changed.is_changed[1]);
  EXPECT_FALSE(changed.is_changed[73]);
  EXPECT_TRUE(changed.is_changed[74]);
  // 30 positive of 98: 8.9 of 29 women, and 21.1 of 69 men.
  EXPECT_EQ(std::count(changed.is_changed.begin(), changed.is_changed.begin() + 70, true), 27 - 21);
  EXPECT_EQ(std::count(changed.is_changed.begin() + 70, changed.is_changed.end(), true), 9 - 3);
}

TEST(MassageTest, TheSamplerIsLoudAboutIt) {
  const data::Dataset dataset = census();
  Sampler sampler({{recipe("massage", {"sex"})}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
  EXPECT_TRUE(sampler.ranks_rows());
  EXPECT_FALSE(sampler.label_choices());
  sampler.rank(std::vector<double>(100, 0.5));
  ASSERT_TRUE(sampler.label_choices());
  int changed = 0;
  for (std::size_t row = 0; row < 100; ++row) changed += sampler.label_choices()->answers[row] != dataset.labels[row];
  EXPECT_EQ(changed, 12);
  ASSERT_EQ(sampler.warnings().size(), 1U);
  EXPECT_THAT(sampler.warnings()[0],
              HasSubstr("massage changes the labels of 12 of 100 training rows: sex=f: 6 negative"));
  const std::vector<std::int64_t> some(sampler.cells().cells.size(), 1), none(some.size());
  sampler.end_epoch(some, none, {OfCells(some.size(), 0.5), {}}, {});
  EXPECT_EQ(sampler.log().epochs[0].why, "massage: 12 labels changed");
}

TEST(MassageTest, IsOfBinaryLabels) {
  data::Dataset dataset = census();
  dataset.task = data::Task::classes;
  dataset.outcomes = {"a", "b"};
  try {
    make_cells({{recipe("massage", {"sex"})}}, dataset, dataset.rows_of(data::Split::train), config::Origin());
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("sampling.recipes[0].recipe: massage changes binary labels"));
  }
}

}  // namespace massage_test
}  // namespace equipoise::sampling
