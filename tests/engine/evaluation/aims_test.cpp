// A constraint that is an aim: its figure is measured, nothing is met or broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/engine/evaluation/handmade_scores.h"

namespace equipoise::evaluation {
namespace aims_test {

// Two groups whose rows are scored .9 or .1; White ones are wrong more often.
Handmade with_an_aim() {
  return Handmade(
      {{0, 0, 100, 10}, {0, 1, 100, 90}, {2, 0, 100, 30}, {2, 1, 100, 70}},
      {{"worst_group", {"race"}}, {"demographic_parity", {"race"}, 0.5}, {"equal_opportunity", {"race"}, 0.5}});
}

TEST(AimsTest, AreMeasuredAndNotJudged) {
  const SplitResult result = with_an_aim().evaluated();
  const ConstraintResult& aim = result.constraints[0];
  EXPECT_EQ(aim.verdict, Verdict::no_promise);
  EXPECT_EQ(aim.unit, "number");
  const double right = -std::log(0.9), wrong = -std::log(0.1);
  EXPECT_NEAR(*aim.gap, 0.7 * right + 0.3 * wrong, 1e-12);  // White's
  EXPECT_GT(*aim.upper_bound, *aim.gap);
  EXPECT_THAT(aim.sentence, testing::HasSubstr("The largest mean loss is that of race=White, 0.765"));
  EXPECT_THAT(aim.sentence, testing::HasSubstr("Nothing is promised about it."));
}

// Two promises share the confidence, not three.
TEST(AimsTest, TakeNoPartInWhatIsMetTogether) {
  const SplitResult result = with_an_aim().evaluated();
  ASSERT_TRUE(result.joint.has_value());
  EXPECT_DOUBLE_EQ(result.joint->confidence_of_each, 1 - 0.05 / 2);
  EXPECT_TRUE(result.joint->all_met);
  EXPECT_FALSE(result.constraints[0].jointly_met);
  EXPECT_EQ(worst({Verdict::no_promise, Verdict::met}), Verdict::met);
}

TEST(AimsTest, HaveNoToleranceInJson) {
  const nlohmann::json json = nlohmann::json::parse(to_json(with_an_aim().evaluated()).dump());
  EXPECT_TRUE(json["constraints"][0]["tolerance"].is_null());
  EXPECT_EQ(json["constraints"][0]["verdict"], "no_promise");
  const SplitResult read = split_result_from_json(json);
  EXPECT_EQ(read.constraints[0].verdict, Verdict::no_promise);
  EXPECT_FALSE(std::isfinite(read.constraints[0].tolerance));
}

}  // namespace aims_test
}  // namespace equipoise::evaluation
