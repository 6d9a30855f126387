#include "engine/config/schema.h"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "engine/config/writer.h"

namespace equipoise::config {
namespace {

using Json = nlohmann::ordered_json;

// A whole bound is written as a whole number, as people write it.
Json bound_json(double bound) {
  if (bound == std::floor(bound) && std::abs(bound) < 1e15) return static_cast<std::int64_t>(bound);
  return bound;
}

Json number_schema(const char* type, const Bounds& bounds) {
  Json schema;
  schema["type"] = type;
  if (std::isfinite(bounds.low)) schema[bounds.low_open ? "exclusiveMinimum" : "minimum"] = bound_json(bounds.low);
  if (std::isfinite(bounds.high)) schema[bounds.high_open ? "exclusiveMaximum" : "maximum"] = bound_json(bounds.high);
  return schema;
}

// An unquoted number or boolean is a text as it is written (label values such as 1).
Json text_schema() {
  return {{"type", {"string", "number", "boolean"}}};
}

Json array_of(const Json& items, const Field& field) {
  Json schema;
  schema["type"] = "array";
  schema["items"] = items;
  if (field.need == Need::required) schema["minItems"] = 1;
  return schema;
}

Json choice_schema(const std::vector<std::string>& allowed) {
  return {{"type", "string"}, {"enum", allowed}};
}

Json object_schema(const std::vector<Field>& fields);

Json type_schema(const Field& field) {
  switch (field.kind) {
    case FieldKind::boolean:
      return {{"type", "boolean"}};
    case FieldKind::integer:
      return number_schema("integer", field.bounds);
    case FieldKind::number:
      return number_schema("number", field.bounds);
    case FieldKind::text:
    case FieldKind::path: {
      Json schema = text_schema();
      if (field.need == Need::required) schema["minLength"] = 1;
      return schema;
    }
    case FieldKind::choice:
      return choice_schema(field.allowed);
    case FieldKind::texts:
    case FieldKind::paths: {
      Json schema;
      schema["anyOf"] = Json::array({text_schema(), array_of(text_schema(), field)});
      return schema;
    }
    case FieldKind::integers:
      return array_of(number_schema("integer", field.bounds), field);
    case FieldKind::numbers:
      return array_of(number_schema("number", field.bounds), field);
    case FieldKind::text_map: {
      Json schema;
      schema["type"] = {"object", "null"};
      schema["additionalProperties"] = field.allowed.empty() ? text_schema() : choice_schema(field.allowed);
      return schema;
    }
    case FieldKind::tree:
      return Json::object();
    case FieldKind::section: {
      Json schema = object_schema(field.fields);
      // A section without a value is one of defaults, where no key of it is required.
      if (!schema.contains("required")) schema["type"] = {"object", "null"};
      return schema;
    }
    case FieldKind::list: {
      Json schema = array_of(object_schema(field.fields), field);
      if (field.need == Need::optional) schema["type"] = {"array", "null"};
      return schema;
    }
  }
  throw std::logic_error("a field kind without a schema");
}

bool has_default(const Field& field) {
  return field.need == Need::optional && field.kind != FieldKind::section && field.kind != FieldKind::list &&
         field.kind != FieldKind::tree;
}

Json object_schema(const std::vector<Field>& fields) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : fields) {
    Json& property = properties[field.name];
    property["description"] = field.sentence;
    property.update(type_schema(field));
    if (has_default(field)) property["default"] = value_json(field.value);
    if (field.need == Need::required) required.push_back(field.name);
  }
  Json schema;
  schema["type"] = "object";
  schema["properties"] = properties;
  if (!required.empty()) schema["required"] = required;
  schema["additionalProperties"] = false;
  return schema;
}

}  // namespace

nlohmann::ordered_json to_json_schema(const Describe& describe, const std::string& title,
                                      const std::string& description) {
  Json schema;
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema["title"] = title;
  schema["description"] = description;
  schema.update(object_schema(outline(describe)));
  return schema;
}

}  // namespace equipoise::config
