#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "engine/report/bank_report.h"
#include "tests/engine/report/sample_bank.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::report {
namespace bank_schema_test {

using nlohmann::json;

constexpr const char* kSchema = "bank.schema.json";

json sample() {
  return json::parse(to_json(sample_bank(6, 2)).dump());
}

/// Small enough that validating it a few hundred times is quick.
json small_sample() {
  BankReport report = sample_bank(1);
  report.warnings = {"one"};
  return json::parse(to_json(report).dump());
}

TEST(BankSchema, TheSampleIsValid) {
  EXPECT_EQ(complaints(sample(), kSchema), "");
}

TEST(BankSchema, AnEmptyBankIsValid) {
  BankReport report;
  report.outcome = "interrupted";
  EXPECT_EQ(complaints(to_json(report), kSchema), "");
}

TEST(BankSchema, WhatIsUndefinedIsValid) {
  BankReport report = sample_bank(3);
  let_diverge(report.members[1]);
  report.rows_per_second = std::nan("");
  report.members[2].result->metrics.accuracy = std::nan("");
  report.members[2].result->constraints[0].gap.reset();
  report.members[2].result->constraints[0].upper_bound.reset();
  report.members[2].result->constraints[0].interval.reset();
  EXPECT_EQ(complaints(json::parse(to_json(report).dump()), kSchema), "");
}

TEST(BankSchema, AMemberOfARealReportIsValid) {
  BankReport report = sample_bank(1);
  report.members[0] = bank_member(sample_report(), "seed 7", "members/000", "");
  EXPECT_EQ(complaints(json::parse(to_json(report).dump()), kSchema), "");
}

TEST(BankSchema, NoObjectTakesAnUnknownField) {
  EXPECT_GE(expect_no_unknown_field(small_sample(), kSchema), 7);
}

TEST(BankSchema, EveryFieldIsRequired) {
  EXPECT_GT(expect_every_field_required(small_sample(), kSchema), 45);
}

TEST(BankSchema, WrongValuesAreRefused) {
  const auto refused = [](const std::function<void(json&)>& damage) {
    json object = small_sample();
    damage(object);
    return complaints(object, kSchema) != "";
  };
  EXPECT_FALSE(refused([](json&) {}));
  EXPECT_TRUE(refused([](json& object) { object["outcome"] = "exploded"; }));
  EXPECT_TRUE(refused([](json& object) { object["confidence"] = 1.5; }));
  EXPECT_TRUE(refused([](json& object) { object["members"][0]["outcome"] = "exploded"; }));
  EXPECT_TRUE(refused([](json& object) { object["members"][0]["steps"] = -1; }));
  EXPECT_TRUE(refused([](json& object) { object["members"][0]["result"] = "fair"; }));
  EXPECT_TRUE(refused([](json& object) { object["members"][0]["result"]["constraints"][0]["verdict"] = "fair"; }));
  EXPECT_TRUE(refused([](json& object) { object["format"] = 2; }));
}

TEST(BankSchema, EveryFieldIsDescribed) {
  const json schema = read_schema(kSchema);
  EXPECT_EQ(schema.at("$schema"), "http://json-schema.org/draft-07/schema#");
  expect_described(schema, "");
}

}  // namespace bank_schema_test
}  // namespace equipoise::report
