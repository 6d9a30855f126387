#include "engine/sweep/values.h"

#include <algorithm>
#include <cmath>

#include "engine/config/scalars.h"
#include "engine/config/writer.h"

namespace equipoise::sweep {
namespace {

bool takes_words(const config::Place& place) {
  using config::FieldKind;
  switch (place.field->kind) {
    case FieldKind::text:
    case FieldKind::choice:
    case FieldKind::texts:
    case FieldKind::path:
    case FieldKind::paths:
    case FieldKind::text_map:
      return true;
    default:
      return false;
  }
}

Value scalar(const config::Node& node, bool as_word) {
  if (as_word || node.quoted) return node.text;
  if (node.text == "true") return true;
  if (node.text == "false") return false;
  const config::Bounds anywhere{};
  const auto whole = config::parse_integer(node.text, anywhere);
  if (const auto* value = std::get_if<std::int64_t>(&whole)) return *value;
  const auto number = config::parse_number(node.text, anywhere);
  // JSON has no infinity: the word stays, and reads as what it was.
  if (const auto* value = std::get_if<double>(&number); value != nullptr && std::isfinite(*value)) return *value;
  return node.text;
}

Value tree(const config::Node& node, bool as_words) {
  switch (node.kind) {
    case config::Node::Kind::scalar:
      return scalar(node, as_words);
    case config::Node::Kind::list: {
      Value list = Value::array();
      for (const config::Node& item : node.items) list.push_back(tree(item, as_words));
      return list;
    }
    case config::Node::Kind::mapping: {
      Value mapping = Value::object();
      for (const config::Entry& entry : node.entries) mapping[entry.key] = tree(entry.value, as_words);
      return mapping;
    }
    default:
      return nullptr;
  }
}

// Any other word is taken as it stands.
bool needs_quotes(const std::string& text) {
  if (text.empty() || text != std::string(text.begin(), std::find(text.begin(), text.end(), '\n'))) return true;
  if (std::string_view("[{\"' \t").find(text.front()) != std::string_view::npos) return true;
  return text.back() == ' ' || text.back() == '\t' || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

}  // namespace

Value value_of(const config::Node& node, const config::Place& place) {
  return tree(node, takes_words(place));
}

std::string flow_text(const Value& value) {
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    return text == ".inf" || text == "-.inf" ? text : config::in_double_quotes(text);
  }
  if (value.is_number_float()) return config::number_text(value.get<double>());
  if (!value.is_structured()) return value.dump();
  std::string text;
  for (const auto& [key, item] : value.items()) {
    if (!text.empty()) text += ", ";
    if (value.is_object()) text += config::quoted_where_needed(key) + ": ";
    text += flow_text(item);
  }
  return value.is_array() ? "[" + text + "]" : "{" + text + "}";
}

std::string flow_text(const config::Node& node) {
  if (node.kind == config::Node::Kind::scalar) {
    const Value value = scalar(node, false);
    return value.is_string() ? flow_text(value) : node.text;  // a number with the digits that it was given
  }
  std::string text;
  for (const config::Node& item : node.items) text += (text.empty() ? "" : ", ") + flow_text(item);
  for (const config::Entry& entry : node.entries)
    text += (text.empty() ? "" : ", ") + config::quoted_where_needed(entry.key) + ": " + flow_text(entry.value);
  if (node.kind == config::Node::Kind::list) return "[" + text + "]";
  return node.kind == config::Node::Kind::mapping ? "{" + text + "}" : "null";
}

std::string override_text(const std::string& field, const Value& value) {
  if (!value.is_string()) return field + "=" + flow_text(value);
  const std::string text = value.get<std::string>();
  return field + "=" + (needs_quotes(text) ? config::in_double_quotes(text) : text);
}

bool same_value(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.get<double>() == b.get<double>();
  if (!a.is_structured() || !b.is_structured()) return a == b;
  if (a.is_array() != b.is_array() || a.size() != b.size()) return false;
  if (a.is_array()) return std::equal(a.begin(), a.end(), b.begin(), same_value);
  return std::ranges::all_of(a.items(), [&](const auto& item) {
    const auto other = b.find(item.key());
    return other != b.end() && same_value(item.value(), *other);
  });
}

}  // namespace equipoise::sweep
