#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "engine/report/report.h"
#include "tests/engine/report/sample_report.h"

namespace equipoise::report {
namespace {

using nlohmann::json;

json read_schema() {
  std::ifstream file(EQUIPOISE_SOURCE_DIR "/docs/results.schema.json");
  return json::parse(file);
}

/// What is wrong with `object` by the schema; "" when nothing is.
std::string complaints(const json& object) {
  const json text = read_schema();
  valijson::Schema schema;
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(text), schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter target(object);
  if (validator.validate(schema, target, &results)) return "";
  std::string words;
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    for (const std::string& step : error.context) words += step;
    words += ": " + error.description + "\n";
  }
  return words.empty() ? "invalid" : words;
}

json sample() {
  return json::parse(to_json(sample_report()).dump());
}

TEST(Schema, TheSampleIsValid) {
  EXPECT_EQ(complaints(sample()), "");
}

TEST(Schema, AnEmptyReportIsValid) {
  Report report;
  report.outcome = "interrupted";
  EXPECT_EQ(complaints(to_json(report)), "");
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
  EXPECT_EQ(complaints(json::parse(to_json(report).dump())), "");
}

/// Every object of the document, however deep, by its path.
void each_object(json& value, const std::string& path, const std::function<void(json&, const std::string&)>& visit) {
  if (value.is_object()) visit(value, path);
  if (!value.is_structured()) return;
  // The first element stands for a list: its elements have one schema.
  for (auto item = value.begin(); item != value.end(); ++item) {
    each_object(*item, path + "/" + (value.is_object() ? item.key() : "0"), visit);
    if (value.is_array()) break;
  }
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
  json object = small_sample();
  int objects = 0;
  each_object(object, "", [&](json& inner, const std::string& path) {
    inner["surprise"] = 1;
    EXPECT_NE(complaints(object), "") << "an unknown field in '" << path << "' passed";
    inner.erase("surprise");
    ++objects;
  });
  EXPECT_GE(objects, 14);
}

TEST(Schema, EveryFieldIsRequired) {
  json object = small_sample();
  int fields = 0;
  each_object(object, "", [&](json& inner, const std::string& path) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : inner.items()) keys.push_back(key);
    for (const std::string& key : keys) {
      const json kept = inner[key];
      inner.erase(key);
      EXPECT_NE(complaints(object), "") << path << "/" << key << " may be left out";
      inner[key] = kept;
      ++fields;
    }
  });
  EXPECT_GT(fields, 90);
}

TEST(Schema, WrongValuesAreRefused) {
  const auto refused = [](const std::function<void(json&)>& damage) {
    json object = small_sample();
    damage(object);
    return complaints(object) != "";
  };
  EXPECT_TRUE(refused([](json& object) { object["outcome"] = "exploded"; }));
  EXPECT_TRUE(refused([](json& object) { object["seed"] = -1; }));
  EXPECT_TRUE(refused([](json& object) { object["steps"] = 1.5; }));
  EXPECT_TRUE(refused([](json& object) { object["files"][0]["sha256"] = "abc"; }));
  EXPECT_TRUE(refused([](json& object) { object["splits"][0]["constraints"][0]["verdict"] = "fair"; }));
  EXPECT_TRUE(refused([](json& object) { object["measurements"][0]["step"] = "1"; }));
  EXPECT_TRUE(refused([](json& object) { object["format"] = 2; }));
}

/// Each schema of a field (draft-07: what stands under "properties") must say what the field is.
void expect_described(const json& schema, const std::string& path) {
  if (schema.is_object() && schema.contains("properties")) {
    EXPECT_EQ(schema.value("additionalProperties", true), false) << path;
    for (const auto& [name, field] : schema["properties"].items()) {
      const std::string sentence = field.is_object() ? field.value("description", "") : "";
      EXPECT_GE(sentence.size(), 8u) << path << "/" << name << " has no description";
      EXPECT_TRUE(sentence.ends_with('.')) << path << "/" << name;
    }
  }
  if (!schema.is_structured()) return;
  for (const auto& [key, inner] : schema.items()) expect_described(inner, path + "/" + key);
}

TEST(Schema, EveryFieldIsDescribed) {
  const json schema = read_schema();
  EXPECT_EQ(schema.at("$schema"), "http://json-schema.org/draft-07/schema#");
  expect_described(schema, "");
}

}  // namespace
}  // namespace equipoise::report
