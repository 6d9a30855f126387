#include "engine/frontier/confidence_margins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "engine/evaluation/limits.h"
#include "engine/frontier/excess.h"
#include "tests/engine/frontier/held_out_sample.h"

namespace equipoise::frontier {
namespace confidence_margins_test {

using constraints::ConstraintParams;
using constraints::ConstraintTable;
using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;

// Rows of the table: a above, a below, b above, b below the middle. Outside is a above b or b above a.
TEST(ConfidenceMargins, OfTwoRatesAddUpToTheirDifferences) {
  const ConstraintTable table = compiled({parity_of("demographic_parity", 0.1)}, every_cell(2, 2));
  const std::vector<double> margins = confidence_margins(table, {0.01, 0.03}, 0.95);
  // By halves: equal rates are as far above the middle as below it, and inside where the whole is no more than the tolerance.
  const double both = evaluation::normal_point(0.025) * std::hypot(0.01, 0.03);
  EXPECT_THAT(margins, Each(DoubleNear(both / 2, 1e-12)));
  EXPECT_THAT(confidence_margins(table, {0, 0.02}, 0.95),
              Each(DoubleNear(0.01 * evaluation::normal_point(0.025), 1e-12)));
  EXPECT_THAT(confidence_margins(table, {0, 0}, 0.95), Each(0));
}

// Rates that are inside by their margins and no more, at either end of the band: how often are they inside with errors?
TEST(ConfidenceMargins, KeepRatesInsideAsOftenAsTheySay) {
  std::mt19937 generator(11);
  std::normal_distribution<double> normal;
  for (const std::vector<double>& errors :
       {std::vector<double>{0.02, 0.02}, {0.04, 0.005}, {0.01, 0.02, 0.03}, {0.05, 0.004, 0.004, 0.004}}) {
    constexpr double kTolerance = 0.3, kConfidence = 0.9;
    const ConstraintTable table = compiled({parity_of("demographic_parity", kTolerance)},
                                           every_cell(static_cast<std::int32_t>(errors.size()), 2));
    const std::vector<double> margins = confidence_margins(table, errors, kConfidence);
    std::vector<double> rates(errors.size());
    for (std::size_t j = 0; j < table.rows.size(); ++j) {
      const auto rate = static_cast<std::size_t>(table.rows[j].terms.front().first);
      const bool is_above = table.rows[j].band_coefficient < 0;
      if (is_above == (rate % 2 == 0)) rates[rate] = 0.5 + (is_above ? 1 : -1) * (kTolerance / 2 - margins[j]);
    }
    constexpr int kDraws = 20000;
    int inside = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      double low = 1, high = 0;
      for (std::size_t r = 0; r < rates.size(); ++r) {
        const double measured = rates[r] + errors[r] * normal(generator);
        low = std::min(low, measured);
        high = std::max(high, measured);
      }
      inside += high - low <= kTolerance;
    }
    EXPECT_GE(inside, kConfidence * kDraws - 3 * std::sqrt(0.09 * kDraws)) << errors.size() << " rates";
    EXPECT_LT(inside, 0.995 * kDraws) << "nor is it all too wide";
  }
}

TEST(ConfidenceMargins, CountEveryWayToBeOutside) {
  const ConstraintTable odds = compiled({parity_of("equalized_odds", 0.1)}, every_cell(2, 2));
  const std::vector<double> margins = confidence_margins(odds, {0.02, 0.02, 0.02, 0.02}, 0.95);
  EXPECT_THAT(margins, Each(DoubleNear(evaluation::normal_point(0.05 / 4) * 0.02 / std::sqrt(2), 1e-12)));
  // A rate that is not known is no way.
  const double none = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> fewer = confidence_margins(odds, {0.02, 0.02, none, none}, 0.95);
  std::size_t held = 0;
  for (std::size_t j = 0; j < fewer.size(); ++j) {
    const bool is_known = odds.rows[j].terms.front().first < 2;
    held += is_known;
    EXPECT_NEAR(fewer[j], is_known ? evaluation::normal_point(0.025) * 0.02 / std::sqrt(2) : 0, 1e-12);
  }
  EXPECT_EQ(held, 4u);
  // A cap has one way.
  ConstraintParams cap;
  cap.kind = "bound";
  cap.rate = "selection_rate";
  cap.at_most = 0.2;
  const ConstraintTable both = compiled({parity_of("demographic_parity", 0.1), cap}, every_cell(2, 2));
  EXPECT_NEAR(confidence_margins(both, {0.02, 0.02, 0.01}, 0.95).back(), evaluation::normal_point(0.05 / 3) * 0.01,
              1e-12);
}

// Everybody's rate and that of a group among them: who is selected in the group counts in both.
TEST(ConfidenceMargins, OfASumErrorsAddUp) {
  ConstraintParams sum;
  sum.kind = "linear";
  constraints::TermParams everyone, group;
  everyone.rate = group.rate = "selection_rate";
  group.group["group"] = "a";
  sum.terms = {everyone, group};
  sum.at_most = 0.9;
  const ConstraintTable table = compiled({sum}, every_cell(2, 2));
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_NEAR(confidence_margins(table, {0.02, 0.01}, 0.9).front(), evaluation::normal_point(0.1) * 0.03, 1e-12);
}

// Where a margin leaves nothing of a tolerance, all rates are equal, and inside as often.
TEST(ConfidenceMargins, LeaveEqualRatesWhereTheyAreAsWideAsTheTolerance) {
  const std::vector<double> errors = {0.05, 0.004};
  const double tolerance = evaluation::normal_point(0.025) * std::hypot(errors[0], errors[1]);
  const ConstraintTable table = compiled({parity_of("demographic_parity", tolerance)}, every_cell(2, 2));
  const std::vector<double> margins = confidence_margins(table, errors, 0.95);
  EXPECT_NEAR(largest_excess(table, {0.4, 0.4}, margins), 0, 1e-12);
  EXPECT_NEAR(largest_excess(table, {0.4, 0.41}, margins), 0.01, 1e-12);
}

}  // namespace confidence_margins_test
}  // namespace equipoise::frontier
