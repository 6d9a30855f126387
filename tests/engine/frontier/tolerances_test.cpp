#include "engine/frontier/tolerances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/constraints/titles.h"
#include "tests/engine/frontier/held_out_sample.h"

namespace equipoise::frontier {
namespace tolerances_test {

using constraints::ConstraintParams;
using testing::DoubleEq;
using testing::ElementsAre;

std::vector<ConstraintParams> three() {
  ConstraintParams bound;
  bound.kind = "bound";
  bound.rate = "tpr";
  bound.at_least = 0.5;
  return {bound, parity_of("demographic_parity", 0.02), parity_of("equalized_odds", 0.06)};
}

TEST(Tolerances, MoveTogetherByTheFirstOne) {
  EXPECT_EQ(tolerance_of(three()), 0.02);
  const std::vector<ConstraintParams> moved = at_tolerance(three(), 0.03);
  EXPECT_EQ(moved[1].tolerance, 0.03);
  EXPECT_THAT(moved[2].tolerance, DoubleEq(0.09));
  EXPECT_EQ(moved[0].at_least, 0.5);
  EXPECT_EQ(moved[0].tolerance, three()[0].tolerance);
}

// Compiled anew, the table is the same.
TEST(Tolerances, OfATableAreThoseItWouldBeCompiledWith) {
  const data::Dataset dataset = every_cell(3, 2);
  std::vector<ConstraintParams> constraints = three();
  constraints.push_back(parity_of("demographic_parity", 0.1, "ratio"));
  constraints.push_back(parity_of("equal_opportunity", 0.1, "overall"));
  constraints.erase(constraints.begin() + 1);
  const std::vector<ConstraintParams> moved = at_tolerance(constraints, 0.2);
  const constraints::ConstraintTable table = with_tolerances(compiled(constraints, dataset), moved),
                                     expected = compiled(moved, dataset);
  EXPECT_EQ(table.constraint_titles, expected.constraint_titles);
  EXPECT_EQ(table.bands, expected.bands);
  ASSERT_EQ(table.rows.size(), expected.rows.size());
  for (std::size_t j = 0; j < table.rows.size(); ++j) {
    EXPECT_EQ(table.rows[j].bound, expected.rows[j].bound) << j;
    EXPECT_EQ(table.rows[j].terms, expected.rows[j].terms) << j;
    EXPECT_EQ(table.rows[j].band, expected.rows[j].band) << j;
    EXPECT_EQ(table.rows[j].band_coefficient, expected.rows[j].band_coefficient) << j;
    EXPECT_EQ(table.rows[j].promise, expected.rows[j].promise) << j;
  }
  for (std::size_t p = 0; p < table.promises.size(); ++p)
    EXPECT_EQ(table.promises[p].tolerance, expected.promises[p].tolerance) << p;
}

TEST(Tolerances, OfAGridAreTheSameFactorApart) {
  EXPECT_THAT(tolerance_grid(0.01, 0.16, 5),
              ElementsAre(DoubleEq(0.01), DoubleEq(0.02), DoubleEq(0.04), DoubleEq(0.08), DoubleEq(0.16)));
}

// Of what the test rows can show, a little less cannot be shown.
TEST(Tolerances, OfAGridAreRoundedUp) {
  EXPECT_THAT(tolerance_grid(0.123456, 0.2, 2), ElementsAre(DoubleEq(0.124), DoubleEq(0.2)));
  EXPECT_THAT(tolerance_grid(0.0199092, 0.131, 2), ElementsAre(DoubleEq(0.02), DoubleEq(0.131)));
  EXPECT_THAT(tolerance_grid(0.0123001, 0.98999, 2), ElementsAre(DoubleEq(0.0124), DoubleEq(0.99)));
  for (int digits = 100; digits < 1000; ++digits)
    EXPECT_EQ(tolerance_grid(digits / 1e4, 0.5, 2).front(), digits / 1e4) << "three digits as they are";
}

}  // namespace tolerances_test
}  // namespace equipoise::frontier
