#include "engine/config/writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>
#include <variant>

#include "engine/config/scalars.h"

namespace equipoise::config {
namespace {

constexpr std::size_t kLineWidth = 120;

bool is_word_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_';
}

// A word that some YAML reader takes for a boolean, null or a number.
bool is_reserved(std::string_view text) {
  constexpr std::array<std::string_view, 11> kReserved = {"null", "true", "false", "yes", "no", "on",
                                                          "off",  "y",    "n",     "nan", "inf"};
  std::string low(text);
  for (char& letter : low)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return std::find(kReserved.begin(), kReserved.end(), low) != kReserved.end();
}

bool is_safe_plain(const std::string& text) {
  if (text.empty() || !(is_word_letter(text.front()) || text.front() == '/') || text.back() == ' ') return false;
  const auto is_safe = [](char letter) {
    return is_word_letter(letter) || (letter >= '0' && letter <= '9') ||
           std::string_view(" ./+-*()=").find(letter) != std::string_view::npos;
  };
  return std::all_of(text.begin(), text.end(), is_safe) && !is_reserved(text);
}

std::string escaped(const char* format, unsigned value) {
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), format, value);
  return digits.data();
}

// The escape for what may not or should not stand raw in double quotes at `offset`; "" when it may. `length` becomes
// the bytes it replaces.
std::string escape_at(const std::string& text, std::size_t offset, std::size_t& length) {
  const auto byte = static_cast<unsigned char>(text[offset]);
  const std::string_view rest = std::string_view(text).substr(offset);
  length = 1;
  if (byte == '"') return "\\\"";
  if (byte == '\\') return "\\\\";
  if (byte == '\n') return "\\n";
  if (byte == '\t') return "\\t";
  if (byte == '\r') return "\\r";
  if (byte < 0x20 || byte == 0x7F) return escaped("\\x%02x", byte);
  if (byte == 0xC2 && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xA0) {
    length = 2;
    return escaped("\\x%02x", static_cast<unsigned char>(rest[1]));
  }
  length = 3;
  if (rest.starts_with("\xE2\x80\xA8")) return "\\u2028";  // line and paragraph separators end lines for some readers
  if (rest.starts_with("\xE2\x80\xA9")) return "\\u2029";
  if (rest.starts_with("\xEF\xBB\xBF")) return "\\ufeff";
  length = 1;
  return "";
}

std::string one_text(bool value) {
  return value ? "true" : "false";
}
std::string one_text(std::int64_t value) {
  return std::to_string(value);
}
std::string one_text(double value) {
  return number_text(value);
}
std::string one_text(const std::string& value) {
  return quoted_where_needed(value);
}
std::string one_text(std::monostate) {
  return "null";
}
std::string one_text(const std::map<std::string, std::string>& map) {
  std::string text;
  for (const auto& [key, value] : map)
    text += (text.empty() ? "" : ", ") + quoted_where_needed(key) + ": " + quoted_where_needed(value);
  return "{" + text + "}";
}
template <typename Item>
std::string one_text(const std::vector<Item>& items) {
  std::string text;
  for (const Item& item : items) text += (text.empty() ? "" : ", ") + one_text(item);
  return "[" + text + "]";
}

bool is_nested(const Field& field) {
  return field.kind == FieldKind::section || field.kind == FieldKind::list;
}

bool is_written(const Field& field) {
  if (field.kind == FieldKind::tree) return false;
  return field.kind != FieldKind::choice || std::find(field.allowed.begin(), field.allowed.end(),
                                                      std::get<std::string>(field.value)) != field.allowed.end();
}

class YamlWriter {
 public:
  explicit YamlWriter(Comments comments) : comments_(comments) {}

  void write(const std::vector<Field>& fields) { write_fields(fields, 0, comments_ == Comments::sentences, false); }
  const std::string& text() const { return text_; }

 private:
  // The first line of a list element follows its "- " on the same line.
  void write_fields(const std::vector<Field>& fields, std::size_t indent, bool commented, bool after_dash) {
    const std::string lead(indent, ' ');
    for (const Field& field : fields) {
      if (!is_written(field)) continue;
      if (indent == 0 && !text_.empty() && (commented || is_nested(field))) text_ += "\n";
      if (commented) text_ += lead + "# " + field.sentence + "\n";
      text_ += (after_dash ? "" : lead) + field.name + ":";
      after_dash = false;
      if (field.kind == FieldKind::section)
        write_section(field, indent, commented);
      else if (field.kind == FieldKind::list)
        write_list(field, indent, commented);
      else
        write_value(field.value, lead);
    }
  }

  void write_section(const Field& field, std::size_t indent, bool commented) {
    text_ += "\n";
    write_fields(field.fields, indent + 2, commented, false);
  }

  // Sentences stand in the first element only: they are the same in the others.
  void write_list(const Field& field, std::size_t indent, bool commented) {
    text_ += field.elements.empty() ? " []\n" : "\n";
    for (std::size_t i = 0; i < field.elements.size(); ++i) {
      const std::vector<Field>& element = field.elements[i];
      const bool has_fields = std::any_of(element.begin(), element.end(), is_written);
      const bool explains = commented && i == 0 && has_fields;
      text_ += std::string(indent + 2, ' ') + (explains ? "-\n" : has_fields ? "- " : "- {}\n");
      write_fields(element, indent + 4, explains, !explains);
    }
  }

  void write_value(const FieldValue& value, const std::string& lead) {
    const std::string line = value_text(value);
    const std::size_t column = text_.size() - text_.rfind('\n') + line.size();
    const bool long_line = column > kLineWidth;
    if (const auto* texts = std::get_if<std::vector<std::string>>(&value); texts != nullptr && long_line) {
      for (const std::string& text : *texts) text_ += "\n" + lead + "  - " + quoted_where_needed(text);
    } else if (const auto* map = std::get_if<std::map<std::string, std::string>>(&value); map != nullptr && long_line) {
      for (const auto& [key, text] : *map)
        text_ += "\n" + lead + "  " + quoted_where_needed(key) + ": " + quoted_where_needed(text);
    } else {
      text_ += " " + line;
    }
    text_ += "\n";
  }

  Comments comments_;
  std::string text_;
};

nlohmann::ordered_json fields_json(const std::vector<Field>& fields) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const Field& field : fields) {
    if (field.kind == FieldKind::tree) continue;
    if (field.kind == FieldKind::section) {
      json[field.name] = fields_json(field.fields);
    } else if (field.kind == FieldKind::list) {
      json[field.name] = nlohmann::ordered_json::array();
      for (const std::vector<Field>& element : field.elements) json[field.name].push_back(fields_json(element));
    } else {
      json[field.name] = value_json(field.value);
    }
  }
  return json;
}

nlohmann::ordered_json one_json(double value) {
  if (std::isfinite(value)) return value;
  return number_text(value);
}
nlohmann::ordered_json one_json(std::monostate) {
  return nullptr;
}
nlohmann::ordered_json one_json(const std::vector<double>& values) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const double value : values) json.push_back(one_json(value));
  return json;
}
nlohmann::ordered_json one_json(const std::map<std::string, std::string>& map) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [key, value] : map) json[key] = value;
  return json;
}
template <typename Value>
nlohmann::ordered_json one_json(const Value& value) {
  return value;
}

void add_flat(const std::vector<Field>& fields, const std::string& before,
              std::vector<std::pair<std::string, std::string>>& flat) {
  for (const Field& field : fields) {
    const std::string path = before + field.name;
    if (field.kind == FieldKind::section) {
      add_flat(field.fields, path + ".", flat);
    } else if (field.kind != FieldKind::list) {
      flat.emplace_back(path, value_text(field.value));
    } else {
      for (std::size_t i = 0; i < field.elements.size(); ++i)
        add_flat(field.elements[i], path + "[" + std::to_string(i) + "].", flat);
    }
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> flat_fields(const Describe& describe) {
  std::vector<std::pair<std::string, std::string>> flat;
  add_flat(outline(describe), "", flat);
  return flat;
}

std::string to_yaml(const Describe& describe, Comments comments) {
  YamlWriter writer(comments);
  writer.write(outline(describe));
  return writer.text();
}

nlohmann::ordered_json to_json(const Describe& describe) {
  return fields_json(outline(describe));
}

std::string value_text(const FieldValue& value) {
  return std::visit([](const auto& held) { return one_text(held); }, value);
}

std::string in_double_quotes(const std::string& text) {
  std::string quoted = "\"";
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 1;
    const std::string escape = escape_at(text, i, length);
    quoted += escape.empty() ? text.substr(i, length) : escape;
    i += length;
  }
  return quoted + '"';
}

std::string quoted_where_needed(const std::string& text) {
  return is_safe_plain(text) ? text : in_double_quotes(text);
}

nlohmann::ordered_json value_json(const FieldValue& value) {
  return std::visit([](const auto& held) { return one_json(held); }, value);
}

}  // namespace equipoise::config
