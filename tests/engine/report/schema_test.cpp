#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "engine/report/report.h"
#include "tests/engine/report/sample_report.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::report {
namespace schema_test {

using nlohmann::json;

constexpr const char* kSchema = "results.schema.json";

json sample() {
  return json::parse(to_json(sample_report()).dump());
}

TEST(Schema, TheSampleIsValid) {
  EXPECT_EQ(complaints(sample(), kSchema), "");
}

TEST(Schema, AnEmptyReportIsValid) {
  Report report;
  report.outcome = "interrupted";
  EXPECT_EQ(complaints(to_json(report), kSchema), "");
}

TEST(Schema, UndefinedFiguresAreValid) {
  Report report = sample_report();
  report.kept_step.reset();
  report.measurements[0].training_loss = std::nan("");
  report.measurements[0].multipliers[0] = std::nan("");
  auto& split = report.splits[0];
  split.metrics.auc.reset();
  split.metrics.accuracy_interval.reset();
  split.constraints[0].gap.reset();
  split.constraints[0].interval.reset();
  split.constraints[0].upper_bound.reset();
  split.constraints[0].promises[0].gap.reset();
  split.constraints[0].promises[0].levels[0].rate.reset();
  split.constraints[0].promises[0].levels[0].interval.reset();
  split.metrics.groups[0].base_rate.reset();
  split.thresholds[0].gaps[0].reset();
  EXPECT_EQ(complaints(json::parse(to_json(report).dump()), kSchema), "");
}

/// Small enough that validating it a few hundred times is quick.
json small_sample() {
  Report report = sample_report();
  report.measurements.resize(1);
  report.splits.resize(1);
  report.splits[0].thresholds.resize(1);
  report.splits[0].metrics.groups.resize(1);
  report.splits[0].metrics.calibration.resize(1);
  report.splits[0].constraints.resize(1);
  report.splits[0].constraints[0].promises.resize(1);
  report.splits[0].constraints[0].promises[0].levels.resize(1);
  return json::parse(to_json(report).dump());
}

TEST(Schema, NoObjectTakesAnUnknownField) {
  EXPECT_GE(expect_no_unknown_field(small_sample(), kSchema), 14);
}

TEST(Schema, EveryFieldIsRequired) {
  EXPECT_GT(expect_every_field_required(small_sample(), kSchema), 90);
}

TEST(Schema, WrongValuesAreRefused) {
  const auto refused = [](const std::function<void(json&)>& damage) {
    json object = small_sample();
    damage(object);
    return complaints(object, kSchema) != "";
  };
  EXPECT_TRUE(refused([](json& object) { object["outcome"] = "exploded"; }));
  EXPECT_TRUE(refused([](json& object) { object["seed"] = -1; }));
  EXPECT_TRUE(refused([](json& object) { object["steps"] = 1.5; }));
  EXPECT_TRUE(refused([](json& object) { object["files"][0]["sha256"] = "abc"; }));
  EXPECT_TRUE(refused([](json& object) { object["splits"][0]["constraints"][0]["verdict"] = "fair"; }));
  EXPECT_TRUE(refused([](json& object) { object["measurements"][0]["step"] = "1"; }));
  EXPECT_TRUE(refused([](json& object) { object["format"] = 2; }));
}

TEST(Schema, EveryFieldIsDescribed) {
  const json schema = read_schema(kSchema);
  EXPECT_EQ(schema.at("$schema"), "http://json-schema.org/draft-07/schema#");
  expect_described(schema, "");
}

}  // namespace schema_test
}  // namespace equipoise::report
