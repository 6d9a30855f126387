#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/core/error.h"
#include "engine/evaluation/measurement.h"
#include "tests/engine/evaluation/handmade_scores.h"

namespace equipoise::evaluation {
namespace json_test {

using nlohmann::json;
using ::testing::HasSubstr;

// With absent figures, every verdict's fields, and doubles that need all their digits.
SplitResult some_result() {
  return Handmade({{0, 0, 90, 9}, {0, 1, 80, 61}, {1, 0, 70, 9}, {2, 0, 90, 20}, {2, 1, 97, 10}},
                  {{"equalized_odds", {"race"}, 0.1},
                   {"demographic_parity", {"race"}, 0.1, "overall"},
                   {"predictive_equality", {"race"}, 0.1, "reference", "White"}})
      .evaluated();
}

TEST(JsonTest, ComesBackExactly) {
  const json written = to_json(some_result());
  const SplitResult read = split_result_from_json(json::parse(written.dump()));
  EXPECT_EQ(to_json(read), written);
  const SplitResult original = some_result();
  EXPECT_EQ(read.metrics.log_loss, original.metrics.log_loss);
  ASSERT_TRUE(read.constraints[1].interval);
  EXPECT_EQ(read.constraints[1].interval->high, original.constraints[1].interval->high);
  EXPECT_EQ(read.constraints[1].promises[0].everyone_rate, original.constraints[1].promises[0].everyone_rate);
  EXPECT_EQ(read.constraints[2].promises[0].reference, "White");
  EXPECT_EQ(read.constraints[0].verdict, original.constraints[0].verdict);
  EXPECT_EQ(read.constraints[0].sentence, original.constraints[0].sentence);
  EXPECT_FALSE(read.constraints[0].promises[0].levels[1].rate);
}

TEST(JsonTest, HasTheNamesOfTheSchema) {
  const json written = to_json(some_result());
  EXPECT_EQ(written["split"], "test");
  EXPECT_TRUE(written["metrics"]["groups"][0]["true_positive_rate_interval"]["low"].is_number());
  EXPECT_EQ(written["constraints"][0]["promises"][0]["levels"][1]["rate"], nullptr);
  EXPECT_EQ(written["constraints"][0]["verdict"], "violated");
  EXPECT_EQ(written["thresholds"].size(), 19u);
}

std::string refusal(const json& changed) {
  try {
    split_result_from_json(changed);
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
  return "accepted";
}

TEST(JsonTest, SaysWhatIsMissingOrOfTheWrongType) {
  const json whole = to_json(some_result());
  json changed = whole;
  changed["metrics"]["groups"][2].erase("auc");
  EXPECT_THAT(refusal(changed), HasSubstr("'metrics.groups[2].auc' is missing"));
  changed = whole;
  changed["constraints"][0]["verdict"] = "fair";
  EXPECT_THAT(refusal(changed), HasSubstr("'constraints[0].verdict' is not one of met"));
  changed = whole;
  changed["metrics"]["rows"] = 1.5;
  EXPECT_THAT(refusal(changed), HasSubstr("'metrics.rows' is not an integer"));
  changed = whole;
  changed["thresholds"] = 3;
  EXPECT_THAT(refusal(changed), HasSubstr("'thresholds' is not a list"));
  EXPECT_THAT(refusal(json::array()), HasSubstr("is not an object"));
}

// What results of an earlier version have not.
const std::set<std::string> kLater = {"task", "outcomes", "regression"};

// Every other key of every object is needed: leaving out any one is an error.
void leave_out_each(const json& whole, const json::json_pointer& at) {
  const json& here = whole.at(at);
  if (here.is_object()) {
    for (const auto& [key, value] : here.items()) {
      if (at.empty() && kLater.contains(key)) continue;
      json changed = whole;
      changed.at(at).erase(key);
      EXPECT_THAT(refusal(changed), HasSubstr(key + "' is missing"));
      leave_out_each(whole, at / key);
    }
  } else if (here.is_array() && !here.empty()) {
    leave_out_each(whole, at / std::size_t{0});
  }
}

TEST(JsonTest, EveryKeyIsNeeded) {
  leave_out_each(to_json(some_result()), json::json_pointer());
}

TEST(JsonTest, WithoutItsTaskAResultIsBinary) {
  json earlier = to_json(some_result());
  for (const std::string& key : kLater) ASSERT_EQ(earlier.erase(key), 1u) << key;
  const SplitResult result = split_result_from_json(earlier);
  EXPECT_EQ(result.task, "binary");
  EXPECT_TRUE(result.outcomes.empty());
  EXPECT_FALSE(result.regression.has_value());
}

TEST(MeasurementJson, FiguresThatAreNotFiniteAreNull) {
  Measurement measurement;
  measurement.step = 57;
  measurement.epoch = 0.125;
  measurement.seconds = 0.24;
  measurement.selection_loss = 0.6;
  measurement.training_gaps = {0.11, 0.04, 0.2};
  measurement.multipliers = {0.01, 0.62, 0.02};
  measurement.training_loss = std::numeric_limits<double>::infinity();
  measurement.multipliers[2] = std::nan("");
  measurement.selection_loss.reset();
  measurement.training_gaps[1].reset();
  const json object = json::parse(to_json(measurement).dump());
  EXPECT_TRUE(object.at("training_loss").is_null());
  EXPECT_TRUE(object.at("selection_loss").is_null());
  const Measurement again = measurement_from_json(object);
  EXPECT_TRUE(std::isnan(again.training_loss));
  EXPECT_TRUE(std::isnan(again.multipliers[2]));
  EXPECT_FALSE(again.selection_loss.has_value());
  EXPECT_FALSE(again.training_gaps[1].has_value());
  EXPECT_EQ(again.training_gaps[0], measurement.training_gaps[0]);
  EXPECT_EQ(again.step, measurement.step);
  EXPECT_EQ(again.epoch, measurement.epoch);
  EXPECT_EQ(again.seconds, measurement.seconds);
}

}  // namespace json_test
}  // namespace equipoise::evaluation
