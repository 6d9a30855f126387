#include "engine/config/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/engine/config/sample_config.h"

namespace equipoise::config {
namespace schema_test {

using Json = nlohmann::ordered_json;

Json sample_schema() {
  sample::Config config;
  return to_json_schema(sample::describe(config), "Sample", "A sample config.");
}

TEST(Schema, IsADraft07ObjectThatRefusesUnknownKeys) {
  const Json schema = sample_schema();
  EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(schema["title"], "Sample");
  EXPECT_EQ(schema["description"], "A sample config.");
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], Json::array({"data"}));
  EXPECT_EQ(schema["properties"]["training"]["additionalProperties"], false);
  EXPECT_EQ(schema["properties"]["constraints"]["items"]["additionalProperties"], false);
}

TEST(Schema, Values) {
  const Json properties = sample_schema()["properties"];
  const Json training = properties["training"]["properties"];
  EXPECT_EQ(training["epochs"], Json::parse(R"({"description": "Passes over the rows.", "type": "integer",
                                               "minimum": 1, "maximum": 1000, "default": 20})"));
  EXPECT_EQ(training["dropout"], Json::parse(R"({"description": "Share of units that are zeroed.", "type": "number",
                                                "minimum": 0, "exclusiveMaximum": 1, "default": 0.25})"));
  EXPECT_EQ(training["hidden"]["items"], Json::parse(R"({"type": "integer", "minimum": 1, "maximum": 65536})"));
  EXPECT_EQ(training["hidden"]["default"], Json::array({256, 256}));
  EXPECT_EQ(training["optimizer"]["properties"]["kind"]["enum"], Json::array({"adamw", "sgd"}));
  EXPECT_EQ(training["optimizer"]["properties"]["learning_rate"]["exclusiveMinimum"], 0);
  EXPECT_FALSE(training["limit"].contains("maximum"));
  EXPECT_EQ(properties["data"]["properties"]["header"]["type"], "boolean");
}

TEST(Schema, TextsTakeOneOrMany) {
  const Json data = sample_schema()["properties"]["data"]["properties"];
  EXPECT_EQ(data["missing"]["anyOf"], Json::parse(R"([{"type": ["string", "number", "boolean"]},
      {"type": "array", "items": {"type": ["string", "number", "boolean"]}}])"));
  EXPECT_EQ(data["files"]["anyOf"][1]["minItems"], 1);
  EXPECT_EQ(data["types"]["additionalProperties"]["enum"], Json::array({"number", "category"}));
}

TEST(Schema, RequiredFieldsHaveNoDefault) {
  const Json label = sample_schema()["properties"]["data"]["properties"]["label"];
  EXPECT_EQ(label["required"], Json::array({"column", "positive"}));
  EXPECT_FALSE(label["properties"]["column"].contains("default"));
  EXPECT_EQ(label["properties"]["column"]["minLength"], 1);
}

TEST(Schema, ASectionMayBeEmptyOnlyWhenNothingInItIsRequired) {
  const Json properties = sample_schema()["properties"];
  EXPECT_EQ(properties["training"]["type"], Json::array({"object", "null"}));
  EXPECT_EQ(properties["data"]["type"], "object");
  EXPECT_EQ(properties["constraints"]["type"], Json::array({"array", "null"}));
}

}  // namespace schema_test
}  // namespace equipoise::config
