#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/config/outline.h"

namespace equipoise::config {

enum class Comments { none, sentences };

/// The described struct as YAML that `read` turns back into the same struct: every field, in the order of the
/// description, with its sentence above it when asked. A choice that was never made is left out.
std::string to_yaml(const Describe& describe, Comments comments = Comments::none);

/// The same as JSON. Infinite numbers become the texts ".inf" and "-.inf".
nlohmann::ordered_json to_json(const Describe& describe);

/// `value` is a copy: a description may also read, so describe() is not const.
template <typename Struct>
std::string struct_to_yaml(Struct value, Comments comments = Comments::none) {
  return to_yaml([&value](Fields& fields) { value.describe(fields); }, comments);
}

/// Each field that is no section, "training.epochs" or "constraints[0].tolerance", with its value as value_text has it, in the order of the
/// description.
std::vector<std::pair<std::string, std::string>> flat_fields(const Describe& describe);
/// `value` is a copy: a description may also read, so describe() is not const.
template <typename Struct>
requires requires(Struct& value, Fields& fields) {
  value.describe(fields);
}
std::vector<std::pair<std::string, std::string>> flat_fields(Struct value) {
  return flat_fields([&value](Fields& fields) { value.describe(fields); });
}

/// A value that is no section and no list of sections, on one line, as YAML: 0.5, true, "yes", [64, 64], {a: number}.
std::string value_text(const FieldValue& value);
/// A text as YAML: as it stands where every reader takes it for that text, else in double quotes.
std::string quoted_where_needed(const std::string& text);
/// The same, quoted whatever it is.
std::string in_double_quotes(const std::string& text);
/// A value as JSON; null for none.
nlohmann::ordered_json value_json(const FieldValue& value);

}  // namespace equipoise::config
