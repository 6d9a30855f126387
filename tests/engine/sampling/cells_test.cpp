#include "engine/sampling/cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/core/error.h"
#include "tests/engine/sampling/census.h"

namespace equipoise::sampling {
namespace cells_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(CellsTest, AreTheCombinationsThatTrainingRowsHave) {
  const SampledCells cells = cells_for(recipe("balance", {"sex", "label"}));
  ASSERT_THAT(cells.cells, SizeIs(4));  // nobody of the third sex
  EXPECT_EQ(cells.name(0), "sex=f, label=negative");
  EXPECT_EQ(cells.name(3), "sex=m, label=positive");
  EXPECT_EQ(cells.cells[0].rows, 27);
  EXPECT_EQ(cells.cells[1].rows, 3);
  EXPECT_EQ(cells.cells[2].rows, 42);
  EXPECT_EQ(cells.cells[3].rows, 28);
  EXPECT_EQ(cells.of_row.size(), 100U);
  EXPECT_EQ(cells.of_row[0], 0);
  EXPECT_EQ(cells.of_row[99], 3);
}

// By their first rows: were they in the order of their names, what is drawn would hang on what groups are called.
TEST(CellsTest, StandInTheOrderOfTheirFirstRows) {
  data::Dataset dataset = census();
  std::swap(dataset.groupings[0].levels[0], dataset.groupings[0].levels[1]);
  for (std::int32_t& code : dataset.groupings[0].codes) code = code < 2 ? 1 - code : code;
  const auto rows = dataset.rows_of(data::Split::train);
  const SampledCells renamed = make_cells({{recipe("balance", {"sex", "label"})}}, dataset, rows, config::Origin());
  const SampledCells cells = cells_for(recipe("balance", {"sex", "label"}));
  EXPECT_EQ(renamed.of_row, cells.of_row);
  for (std::size_t cell = 0; cell < cells.cells.size(); ++cell) EXPECT_EQ(renamed.name(cell), cells.name(cell));
}

TEST(CellsTest, LabelsAreToldApartWhereARecipeNeedsThem) {
  EXPECT_THAT(cells_for(recipe("group_dro", {"sex"})).cells, SizeIs(2));
  EXPECT_THAT(cells_for(recipe("fairbatch", {"sex"})).cells, SizeIs(4));
  EXPECT_THAT(cells_for(recipe("reweigh", {"region"})).cells, SizeIs(4));
  RecipeParams aimed = recipe("balance", {"sex"});
  aimed.where = {{"label", "positive"}};
  EXPECT_THAT(cells_for(aimed).cells, SizeIs(4));
}

TEST(CellsTest, MatchAndMergeByColumn) {
  RecipeParams params = recipe("balance", {"sex", "label"});
  params.where = {{"region", "north"}};
  const SampledCells cells = cells_for(params);
  ASSERT_THAT(cells.cells, SizeIs(8));
  const std::vector<bool> match = cells.matching({{"region", "north"}, {"label", "positive"}});
  EXPECT_EQ(std::count(match.begin(), match.end(), true), 2);
  const std::vector<bool> all = cells.matching({});
  EXPECT_EQ(std::count(all.begin(), all.end(), true), 8);
  const std::vector<std::int32_t> by_sex = cells.merged({"sex"});
  EXPECT_EQ(*std::ranges::max_element(by_sex), 1);
  EXPECT_EQ(std::ranges::max(cells.merged({"sex", "label"})), 3);
  EXPECT_EQ(std::ranges::max(cells.merged({})), 0);
}

TEST(CellsTest, AllThatIsWrongIsSaidAtOnce) {
  RecipeParams wrong = recipe("balance", {"sexx"});
  wrong.where = {{"region", "nort"}, {"sex", "x"}, {"label", "yes"}};
  const data::Dataset dataset = census();
  const auto rows = dataset.rows_of(data::Split::train);
  try {
    make_cells({{wrong}}, dataset, rows, config::Origin());
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.problems(), SizeIs(3));
    const std::string all = error.what();
    EXPECT_THAT(all, HasSubstr("sampling.recipes[0].by: the data have no group 'sexx'"));
    EXPECT_THAT(all, HasSubstr("did you mean 'sex'"));
    EXPECT_THAT(all, HasSubstr("sampling.recipes[0].where.region: 'region' has no level 'nort'"));
    EXPECT_THAT(all, HasSubstr("'label' has no level 'yes'; there are negative, positive"));
  }
  wrong.by = {"sex"};
  wrong.where = {{"sex", "x"}};  // a level that only test rows have
  try {
    make_cells({{wrong}}, dataset, rows, config::Origin());
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("sampling.recipes[0].where: no training row meets it"));
  }
}

TEST(CellsTest, AGroupNamedLabelIsNotTakenForTheAnswer) {
  data::Dataset dataset = census();
  dataset.groupings[1].name = "label";
  const auto rows = dataset.rows_of(data::Split::train);
  EXPECT_THROW(make_cells({{recipe("balance", {"label"})}}, dataset, rows, config::Origin()), core::UserError);
  EXPECT_NO_THROW(make_cells({{recipe("balance", {"sex"})}}, dataset, rows, config::Origin()));
}

TEST(CellsTest, OfOtherTasks) {
  data::Dataset dataset = census();
  dataset.task = data::Task::classes;
  dataset.outcomes = {"low", "high"};
  const auto rows = dataset.rows_of(data::Split::train);
  EXPECT_EQ(make_cells({{recipe("balance", {"label"})}}, dataset, rows, config::Origin()).name(1), "label=high");
  RecipeParams opportunity = recipe("fairbatch", {"sex"});
  opportunity.rate = "equal_opportunity";
  EXPECT_THROW(make_cells({{opportunity}}, dataset, rows, config::Origin()), core::UserError);
  dataset.task = data::Task::regression;
  EXPECT_THAT(make_cells({{recipe("balance", {"sex"})}}, dataset, rows, config::Origin()).cells, SizeIs(2));
  try {
    make_cells({{recipe("reweigh", {"sex"})}}, dataset, rows, config::Origin());
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the labels of this task are not told apart"));
  }
}

}  // namespace cells_test
}  // namespace equipoise::sampling
