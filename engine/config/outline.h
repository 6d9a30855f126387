#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/config/fields.h"

namespace equipoise::config {

/// What `describe` of a params struct does, for example `[&](Fields& f) { params.describe(f); }`.
using Describe = std::function<void(Fields&)>;

enum class FieldKind {
  boolean,
  integer,
  number,
  text,
  choice,
  texts,
  integers,
  numbers,
  text_map,
  path,
  paths,
  tree,
  section,
  list
};

using FieldValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>,
                                std::vector<std::int64_t>, std::vector<double>, std::map<std::string, std::string>>;

/// One described field with all that was said of it and what its struct holds now.
struct Field {
  std::string name;
  FieldKind kind = FieldKind::section;
  std::string sentence;
  Need need = Need::optional;
  Bounds bounds;                             ///< of numbers
  std::vector<std::string> allowed;          ///< of choices; of a text_map, when not every word may stand
  FieldValue value;                          ///< none for sections, lists and trees
  std::vector<Field> fields;                 ///< of a section; of a list: those of one fresh element
  std::vector<std::vector<Field>> elements;  ///< of a list: what it holds
};

/// The fields of a description as data: writing, schema and documentation are functions of it. A description that
/// names a field twice is a std::logic_error.
std::vector<Field> outline(const Describe& describe);

/// The field of this name, or null.
const Field* find_field(const std::vector<Field>& fields, std::string_view name);
std::vector<std::string> names_of(const std::vector<Field>& fields);
/// "training.optimizer.kind", "constraints[].kind", ... of all fields, sections before what they hold.
std::vector<std::string> all_paths(const std::vector<Field>& fields);

/// "a whole number", "a list of texts", ...: what a field expects, for messages and documentation.
std::string_view kind_text(FieldKind kind);
/// Whether the value is a list of scalars.
bool is_plain_list(FieldKind kind);

}  // namespace equipoise::config
