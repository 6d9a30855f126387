#include "engine/frontier/posterior_cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/frontier/held_out_sample.h"

namespace equipoise::frontier {
namespace posterior_cells_test {

using constraints::ConstraintParams;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Pairs = std::vector<std::pair<std::int32_t, std::int32_t>>;

TEST(PosteriorCells, OfLabelsAreTheTables) {
  const data::Dataset dataset = every_cell(2, 2);
  const constraints::ConstraintTable table = compiled({parity_of("demographic_parity", 0.1)}, dataset);
  const PosteriorCells cells = posterior_cells_of(table.cells);
  EXPECT_THAT(cells.names,
              ElementsAre("group = a, label 0", "group = a, label 1", "group = b, label 0", "group = b, label 1"));
  EXPECT_THAT(cells.answers, ElementsAre(0, 1, 0, 1));
  EXPECT_TRUE(cells.is_binary);
  EXPECT_EQ(cells.positives_of[2], (Pairs{{1, 2}}));
  EXPECT_EQ(posterior_cell_of_rows(table.cells, dataset.labels), table.cells.of_row);
}

// Rows of class k are in the table's cell of k with label 1, and in those of all others with label 0.
TEST(PosteriorCells, StandInTheOrderOfTheirGroups) {
  for (const bool is_binary : {true, false}) {
    const constraints::ConstraintTable table =
        compiled({parity_of("demographic_parity", 0.1)}, every_cell(3, is_binary ? 2 : 3, is_binary));
    const models::CellRule rule = rule_of_groups(table.cells);
    EXPECT_THAT(rule.groupings, ElementsAre("group"));
    EXPECT_THAT(rule.groups, ElementsAre(ElementsAre("a"), ElementsAre("b"), ElementsAre("c")));
  }
}

TEST(PosteriorCells, OfClassesAreThoseOfTheirOwnClass) {
  const data::Dataset dataset = every_cell(2, 3, false);
  const constraints::ConstraintTable table = compiled({parity_of("demographic_parity", 0.1)}, dataset);
  const PosteriorCells cells = posterior_cells_of(table.cells);
  EXPECT_EQ(cells.count(), 6);
  EXPECT_EQ(cells.names[4], "group = b, class = class1");
  EXPECT_THAT(cells.answers, ElementsAre(0, 1, 2, 0, 1, 2));
  EXPECT_FALSE(cells.is_binary);
  // Group b (cells 6 to 11 of the table), class 1: who is not of it, and who is.
  EXPECT_EQ(cells.positives_of[8], (Pairs{{1, 3}, {1, 5}}));
  EXPECT_EQ(cells.positives_of[9], (Pairs{{1, 4}}));
  EXPECT_THAT(cells.rows_of[8], ElementsAre(3, 5));
  const std::vector<std::int32_t> of_row = posterior_cell_of_rows(table.cells, dataset.labels);
  for (std::size_t row = 0; row < of_row.size(); ++row)
    EXPECT_EQ(of_row[row], 3 * dataset.groupings[0].codes[row] + dataset.labels[row]);
}

std::string refusal(const std::vector<ConstraintParams>& constraints, data::Task task = data::Task::binary) {
  try {
    check_constraints(constraints, task, {});
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    return error.what();
  }
  return "";
}

TEST(PosteriorCells, TakesRatesThatAreLinearInDecisions) {
  for (const char* kind : {"demographic_parity", "equalized_odds", "equal_opportunity"})
    EXPECT_EQ(refusal({parity_of(kind, 0.1)}), "") << kind;
  ConstraintParams bound;
  bound.kind = "bound";
  bound.rate = "tpr";
  bound.at_least = 0.5;
  EXPECT_EQ(refusal({bound, parity_of("demographic_parity", 0.1)}), "");
}

TEST(PosteriorCells, RefusesOtherRatesByName) {
  ConstraintParams precision = parity_of("parity", 0.1);
  precision.rate = "ppv";
  EXPECT_THAT(
      refusal({parity_of("demographic_parity", 0.1), precision}),
      AllOf(HasSubstr("constraints[1]"), HasSubstr("hang on the decisions"), HasSubstr("selection_rate, tpr, fpr")));
  precision.rate = "loss";
  EXPECT_THAT(refusal({precision}), HasSubstr("is a mean over scores, and not a share of decisions"));
  EXPECT_THAT(refusal({parity_of("calibration", 0.1)}), HasSubstr("is of the rows whose score is in a bin"));
}

TEST(PosteriorCells, RefusesOtherTasksAndWhatHasNoTolerance) {
  EXPECT_THAT(refusal({parity_of("demographic_parity", 0.1)}, data::Task::regression),
              HasSubstr("data.label.task is 'regression': a frontier is of decisions"));
  EXPECT_THAT(refusal({parity_of("demographic_parity", 0.1)}, data::Task::labels), HasSubstr("is 'labels'"));
  EXPECT_THAT(refusal({}), HasSubstr("there are none, and so nothing that accuracy could be traded for"));
  ConstraintParams bound;
  bound.kind = "bound";
  bound.rate = "tpr";
  bound.at_least = 0.5;
  EXPECT_THAT(refusal({bound}), HasSubstr("none has a tolerance, along which a frontier goes"));
}

TEST(PosteriorCells, RefusesMoreCellsThanASoftmaxCounts) {
  const auto count_of = [](std::int32_t groups) {
    check_count(posterior_cells_of(compiled({parity_of("demographic_parity", 0.1)}, every_cell(groups, 2)).cells));
  };
  count_of(32);
  try {
    count_of(33);
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("make 66 cells, of which a posterior has at most 64"));
  }
}

}  // namespace posterior_cells_test
}  // namespace equipoise::frontier
