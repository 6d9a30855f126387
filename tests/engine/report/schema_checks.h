#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace equipoise::report {

/// A file of docs/: "results.schema.json".
inline nlohmann::json read_schema(const std::string& name) {
  std::ifstream file(EQUIPOISE_SOURCE_DIR "/docs/" + name);
  return nlohmann::json::parse(file);
}

/// What is wrong with `object` by the schema of that name; "" when nothing is.
inline std::string complaints(const nlohmann::json& object, const std::string& name) {
  const nlohmann::json text = read_schema(name);
  valijson::Schema schema;
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  // A schema may refer to another one beside it.
  parser.populateSchema(
      valijson::adapters::NlohmannJsonAdapter(text), schema,
      [](const std::string& other) {
        return static_cast<const nlohmann::json*>(new nlohmann::json(read_schema(other)));
      },
      [](const nlohmann::json* other) { delete other; });
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

/// Every object of the document, however deep, by its path.
inline void each_object(nlohmann::json& value, const std::string& path,
                        const std::function<void(nlohmann::json&, const std::string&)>& visit) {
  if (value.is_object()) visit(value, path);
  if (!value.is_structured()) return;
  // The first element stands for a list: its elements have one schema.
  for (auto item = value.begin(); item != value.end(); ++item) {
    each_object(*item, path + "/" + (value.is_object() ? item.key() : "0"), visit);
    if (value.is_array()) break;
  }
}

/// How many objects `object` holds, each of which must refuse a field it does not know.
inline int expect_no_unknown_field(nlohmann::json object, const std::string& schema) {
  int objects = 0;
  each_object(object, "", [&](nlohmann::json& inner, const std::string& path) {
    inner["surprise"] = 1;
    EXPECT_NE(complaints(object, schema), "") << "an unknown field in '" << path << "' passed";
    inner.erase("surprise");
    ++objects;
  });
  return objects;
}

/// How many fields `object` holds, none of which may be left out.
inline int expect_every_field_required(nlohmann::json object, const std::string& schema) {
  int fields = 0;
  each_object(object, "", [&](nlohmann::json& inner, const std::string& path) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : inner.items()) keys.push_back(key);
    for (const std::string& key : keys) {
      const nlohmann::json kept = inner[key];
      inner.erase(key);
      EXPECT_NE(complaints(object, schema), "") << path << "/" << key << " may be left out";
      inner[key] = kept;
      ++fields;
    }
  });
  return fields;
}

/// Each schema of a field (draft-07: what stands under "properties") must say what the field is.
inline void expect_described(const nlohmann::json& schema, const std::string& path) {
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

}  // namespace equipoise::report
