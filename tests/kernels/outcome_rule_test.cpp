#include "kernels/outcome_stats/outcome_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/kernels/failure.h"

namespace equipoise::kernels {
namespace outcome_rule_test {

using testing::HasSubstr;

void refuses(std::string_view kind, const std::vector<double>& parameters, const std::string& message) {
  EXPECT_THAT(failure([&] { named_outcome_rule(kind, parameters); }), HasSubstr(message));
}

TEST(OutcomeRuleTest, CountsOutputsAndOutcomes) {
  const auto sizes = [](std::string_view kind, const std::vector<double>& parameters) {
    const OutcomeRule rule = named_outcome_rule(kind, parameters);
    return std::make_pair(rule.outputs, rule.outcomes);
  };
  EXPECT_EQ(sizes("softmax", {4}), std::make_pair(4, 4));
  EXPECT_EQ(sizes("squared", {0, 1, 1}), std::make_pair(1, 3));
  EXPECT_EQ(sizes("huber", {0, 1, 1, 1, 7}), std::make_pair(1, 4));
  EXPECT_EQ(sizes("quantile", {0, 1, 0.5, 1, 7, 8}), std::make_pair(1, 5));
  EXPECT_EQ(sizes("calibration", {10, 0, 1}), std::make_pair(1, 21));
}

TEST(OutcomeRuleTest, RefusesParametersOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  refuses("softmax", {1}, "softmax rule: classes is 1, expected 2 to 64");
  refuses("softmax", {65}, "softmax rule: classes is 65, expected 2 to 64");
  refuses("softmax", {2.5}, "softmax rule: classes is 2.5, expected a whole number");
  refuses("squared", {nan, 1, 1}, "squared rule: shift is nan, expected a finite number");
  refuses("squared", {0, 0, 1}, "squared rule: scale is 0, expected a finite number above 0");
  refuses("squared", {0, 1, -1}, "squared rule: temperature is -1, expected a finite number above 0");
  refuses("huber", {0, 1, 0, 1}, "huber rule: delta is 0, expected a finite number above 0");
  refuses("huber", {0, 1, nan, 1}, "huber rule: delta is nan, expected a finite number above 0");
  refuses("quantile", {0, 1, 1, 1}, "quantile rule: q is 1, expected a number inside (0, 1)");
  refuses("quantile", {0, 1, 0, 1}, "quantile rule: q is 0, expected a number inside (0, 1)");
  refuses("squared", {0, 1, 1, 5, 5}, "squared rule: threshold 1 is 5, expected more than the one before it, 5");
  refuses("squared", {0, 1, 1, nan}, "squared rule: a threshold is nan, expected a finite number");
  refuses("squared", std::vector<double>(36, 1.0), "squared rule: got 33 thresholds, expected at most 32");
  refuses("calibration", {1, 0, 1}, "calibration rule: bins is 1, expected 2 to 32");
  refuses("calibration", {nan, 0, 1}, "calibration rule: bins is nan, expected a whole number");
  refuses("calibration", {33, 0, 1}, "calibration rule: bins is 33, expected 2 to 32");
  refuses("calibration", {5, 0, 0}, "calibration rule: temperature is 0, expected a finite number above 0");
}

TEST(OutcomeRuleTest, RefusesUnknownKindsAndCounts) {
  refuses("Softmax", {3},
          "outcome rule: there is no kind \"Softmax\", expected softmax, squared, huber, quantile or calibration");
  refuses("softmax", {3, 1}, "softmax rule: got 2 parameters, expected 1: classes");
  refuses("squared", {0, 1},
          "squared rule: got 2 parameters, expected 3 or more: shift, scale, temperature, thresholds");
  refuses("calibration", {3}, "calibration rule: got 1 parameters, expected 3: bins, threshold, temperature");
}

}  // namespace outcome_rule_test
}  // namespace equipoise::kernels
