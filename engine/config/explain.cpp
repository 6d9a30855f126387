#include "engine/config/explain.h"

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include "engine/config/override_path.h"
#include "engine/config/scalars.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::config {
namespace {

// "a number above 0", "one of a, b".
std::string type_text(const Field& field) {
  if (field.kind == FieldKind::choice) return "one of " + core::listed(field.allowed);
  if (field.kind == FieldKind::section) return "a section";
  const std::string text(kind_text(field.kind));
  if (field.kind == FieldKind::text_map && !field.allowed.empty())
    return "a mapping of words to one of " + core::listed(field.allowed);
  const std::string bounds = bounds_text(field.bounds);
  if (field.kind == FieldKind::integers || field.kind == FieldKind::numbers)
    return text + (bounds.empty() ? "" : ", each " + bounds);
  return text + (bounds.empty() ? "" : " " + bounds);
}

std::string default_text(const Field& field) {
  if (field.need == Need::required) return "required";
  if (field.kind == FieldKind::tree) return "";
  if (field.kind == FieldKind::list) return field.elements.empty() ? "[]" : "";
  return field.kind == FieldKind::section ? "" : value_text(field.value);
}

std::string facts(const Field& field) {
  const std::string standard = default_text(field);
  if (standard.empty()) return type_text(field);
  return type_text(field) + (field.need == Need::required ? "; required" : "; default " + standard);
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string key_list(const std::vector<Field>& fields) {
  std::size_t width = 0;
  for (const Field& field : fields) width = std::max(width, field.name.size());
  std::string text;
  for (const Field& field : fields) {
    text += "  " + padded(field.name, width) + "  " + facts(field) + "\n";
    text += "  " + std::string(width, ' ') + "    " + field.sentence + "\n";
  }
  return text;
}

// "constraints[0].kind", "constraints[].kind" and "constraints.0.kind" to the one way of all_paths, "constraints.kind".
std::optional<std::vector<std::string>> keys_of(const std::string& path) {
  const auto steps = parse_path(path);
  if (!steps) return std::nullopt;
  std::vector<std::string> keys;
  for (const PathStep& step : *steps) {
    const auto* key = std::get_if<std::string>(&step);
    if (key != nullptr && key->find_first_not_of("0123456789") != std::string::npos) keys.push_back(*key);
  }
  return keys;
}

[[noreturn]] void refuse(const std::string& path, const std::vector<std::string>& known,
                         const std::vector<std::string>& siblings, const std::string& key) {
  std::string hint = core::did_you_mean(path, known);
  if (hint.empty() && !core::nearest_name(key, siblings).empty()) hint = core::did_you_mean(key, siblings);
  for (std::size_t i = 0; hint.empty() && i < known.size(); ++i)
    if (known[i].ends_with("." + key)) hint = " (did you mean '" + known[i] + "'?)";
  throw core::UserError(core::Fault::config,
                        "there is no config field '" + path + "'" + hint + "; keys there: " + core::listed(siblings));
}

std::string section_text(const std::vector<Field>& fields) {
  return "Its keys:\n" + key_list(fields);
}

// In a table cell a bar would end the cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char letter : text) escaped += letter == '|' ? "\\|" : std::string(1, letter);
  return escaped;
}

std::string code(const std::string& text) {
  if (text.empty()) return "";
  return text.find('`') == std::string::npos ? "`" + cell(text) + "`" : "`` " + cell(text) + " ``";
}

// GitHub's anchor of a heading: lower case, without punctuation.
std::string anchor(const std::string& heading) {
  std::string text;
  for (const char letter : heading)
    if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_') text += letter;
  return text;
}

bool is_nested(const Field& field) {
  return field.kind == FieldKind::section || field.kind == FieldKind::list;
}

std::string path_of(const Field& field, const std::string& prefix) {
  return prefix + field.name + (field.kind == FieldKind::list ? "[]" : "");
}

std::string table(const std::vector<Field>& fields, const std::string& prefix) {
  std::string text = "| key | value | default | meaning |\n|---|---|---|---|\n";
  for (const Field& field : fields) {
    const std::string heading = path_of(field, prefix);
    const std::string name =
        is_nested(field) ? "[" + code(field.name) + "](#" + anchor(heading) + ")" : code(field.name);
    const bool required = field.need == Need::required;
    text += "| " + name + " | " + cell(type_text(field)) + " | " +
            (required ? "**required**" : code(default_text(field))) + " | " + cell(field.sentence) + " |\n";
  }
  return text;
}

void add_sections(const std::vector<Field>& fields, const std::string& prefix, std::string& text) {
  for (const Field& field : fields) {
    if (!is_nested(field)) continue;
    const std::string path = path_of(field, prefix);
    text += "\n## " + path + "\n\n" + field.sentence + "\n\n" + table(field.fields, path + ".");
    add_sections(field.fields, path + ".", text);
  }
}

}  // namespace

std::string explain(const Describe& describe, const std::string& path) {
  const std::vector<Field> fields = outline(describe);
  if (path.empty()) return section_text(fields);
  const auto keys = keys_of(path);
  const std::vector<Field>* section = &fields;
  const Field* field = nullptr;
  if (!keys || keys->empty()) refuse(path, all_paths(fields), names_of(fields), path);
  for (const std::string& key : *keys) {
    if (field != nullptr && field->kind == FieldKind::text_map) break;  // its keys are the user's own
    field = find_field(*section, key);
    if (field == nullptr) refuse(path, all_paths(fields), names_of(*section), key);
    section = &field->fields;
  }
  std::string text = path + ": " + facts(*field) + "\n" + field->sentence + "\n";
  return section->empty() ? text : text + section_text(*section);
}

std::string to_markdown(const Describe& describe, const std::string& title) {
  const std::vector<Field> fields = outline(describe);
  std::string text = "# " + title + "\n\n" + table(fields, "");
  add_sections(fields, "", text);
  return text;
}

}  // namespace equipoise::config
