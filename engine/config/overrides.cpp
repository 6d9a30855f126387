#include "engine/config/overrides.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "engine/config/override_path.h"
#include "engine/config/scalars.h"
#include "engine/config/source_text.h"
#include "engine/core/nearest_name.h"

namespace equipoise::config {
namespace {

enum class Action { set, add, remove };

struct Override {
  Action action = Action::set;
  std::vector<PathStep> steps;
  Node value;
  core::Position position;
};

// What is wrong with an override; its position is the same for all.
struct Wrong {
  std::string message;
};

void place_everything_at(Node& node, const core::Position& position) {
  node.position = position;
  for (Node& item : node.items) place_everything_at(item, position);
  for (Entry& entry : node.entries) {
    entry.key_position = position;
    place_everything_at(entry.value, position);
  }
}

Node parse_value(std::string_view text, const core::Position& position) {
  const std::size_t first = text.find_first_not_of(" \t");
  text = first == std::string_view::npos ? std::string_view() : text.substr(first);
  text = text.substr(0, text.find_last_not_of(" \t") + 1);
  Node node;
  constexpr std::array<std::string_view, 5> kNoValue = {"", "~", "null", "Null", "NULL"};
  if (!text.empty() && std::string_view("[{\"'").find(text.front()) != std::string_view::npos) {
    std::vector<core::Problem> problems;
    auto parsed = parse_yaml(text, "", problems);
    if (!problems.empty()) throw Wrong{"the value cannot be read: " + problems.front().message};
    node = std::move(*parsed);
  } else if (std::find(kNoValue.begin(), kNoValue.end(), text) == kNoValue.end()) {
    node.kind = Node::Kind::scalar;
    node.text = text;
  }
  place_everything_at(node, position);
  return node;
}

// The first '=' outside a quoted key.
std::size_t equals_sign(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != 0)
      quote = text[i] == quote ? 0 : quote;
    else if (text[i] == '"' || text[i] == '\'')
      quote = text[i];
    else if (text[i] == '=')
      return i;
  }
  return std::string_view::npos;
}

Override parse_override(const std::string& text, const core::Position& position) {
  constexpr std::string_view kForms = "an override is written key=value, +key=value, or ~key";
  if (invalid_utf8_at(text) != std::string::npos || !byte_problems(SourceText(text, "")).empty())
    throw Wrong{"an override is plain UTF-8 text without control characters"};
  if (text.starts_with("++")) throw Wrong{"'++' is not known: key=value sets a key whether the file has it or not"};
  Override override;
  override.position = position;
  std::string_view rest = text;
  if (rest.starts_with('+') || rest.starts_with('~')) {
    override.action = rest.front() == '+' ? Action::add : Action::remove;
    rest.remove_prefix(1);
  }
  const std::size_t equals = equals_sign(rest);
  if (override.action == Action::remove && equals != std::string_view::npos)
    throw Wrong{"'~' takes a key out and has no value: leave out the '='"};
  if (override.action != Action::remove && equals == std::string_view::npos) throw Wrong{std::string(kForms)};
  auto steps = parse_path(rest.substr(0, equals));
  if (!steps) throw Wrong{shown(rest.substr(0, equals)) + " is not the name of a key; " + std::string(kForms)};
  override.steps = std::move(*steps);
  if (equals != std::string_view::npos) override.value = parse_value(rest.substr(equals + 1), position);
  return override;
}

// "training.optimiser" to the nearest name beside it, or to the one place that has a key of this name.
std::string hint_for(const std::string& path, const std::string& key, const std::string& section_path,
                     const std::vector<Field>& section, const std::vector<Field>& all) {
  const std::string nearest = core::nearest_name(key, names_of(section));
  if (!nearest.empty()) return " (did you mean '" + (section_path.empty() ? "" : section_path + ".") + nearest + "'?)";
  const std::vector<std::string> paths = all_paths(all);
  for (const std::string& known : paths)
    if (known.ends_with("." + key)) return " (did you mean '" + known + "'?)";
  return core::did_you_mean(path, paths);
}

// What stands where the steps lead.
struct Reached {
  const Field* list = nullptr;   // the list that the last step points into
  const Field* field = nullptr;  // what stands there, or the list or mapping of words whose element does
};

// The steps turned to indices where lists stand. Throws Wrong when the description has no such place.
Reached check_steps(std::vector<PathStep>& steps, const std::vector<Field>& fields) {
  const std::vector<Field>* section = &fields;
  const Field* field = nullptr;  // what holds the next step, when it is no section
  Reached reached;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string before = path_text(steps, i);
    reached.list = nullptr;
    if (section != nullptr) {
      const auto* key = std::get_if<std::string>(&steps[i]);
      if (key == nullptr) throw Wrong{before + " is a section, not a list"};
      field = find_field(*section, *key);
      if (field == nullptr)
        throw Wrong{"unknown key '" + path_text(steps, i + 1) + "'" +
                    hint_for(path_text(steps, i + 1), *key, before, *section, fields) +
                    "; known keys: " + core::listed(names_of(*section))};
      reached.field = field;
      section = field->kind == FieldKind::section ? &field->fields : nullptr;
      continue;
    }
    if (field != nullptr && field->kind == FieldKind::text_map) {
      if (!std::holds_alternative<std::string>(steps[i])) throw Wrong{before + " is a mapping, not a list"};
      field = nullptr;
      continue;
    }
    if (field == nullptr || (field->kind != FieldKind::list && !is_plain_list(field->kind)))
      throw Wrong{before + " is " + (field ? std::string(kind_text(field->kind)) : "one value") + " and holds no keys"};
    if (const auto* key = std::get_if<std::string>(&steps[i])) {
      std::size_t index = 0;
      const auto result = std::from_chars(key->data(), key->data() + key->size(), index);
      if (result.ec != std::errc() || result.ptr != key->data() + key->size())
        throw Wrong{before + " is a list: write " + before + "[0]" +
                    (field->kind == FieldKind::list ? "." + *key : "") + " for its first element"};
      steps[i] = index;
    }
    reached.list = reached.field = field;
    section = field->kind == FieldKind::list ? &field->fields : nullptr;
    field = nullptr;
  }
  return reached;
}

bool has_default_elements(const Field& field) {
  const bool texts = std::holds_alternative<std::vector<std::string>>(field.value) &&
                     !std::get<std::vector<std::string>>(field.value).empty();
  const bool integers = std::holds_alternative<std::vector<std::int64_t>>(field.value) &&
                        !std::get<std::vector<std::int64_t>>(field.value).empty();
  const bool numbers =
      std::holds_alternative<std::vector<double>>(field.value) && !std::get<std::vector<double>>(field.value).empty();
  return texts || integers || numbers || !field.elements.empty();
}

// Walks the tree along the steps of one override and changes it at their end.
class Change {
 public:
  Change(Override& override, const Field* list) : override_(override), list_(list) {}

  void apply(Node& root) {
    Node* at = &root;
    for (std::size_t i = 0; i + 1 < override_.steps.size(); ++i) at = &inner(*at, i);
    const std::size_t last = override_.steps.size() - 1;
    if (const auto* key = std::get_if<std::string>(&override_.steps[last]))
      change_key(*at, *key, last);
    else if (const auto* index = std::get_if<std::size_t>(&override_.steps[last]))
      change_item(*at, *index, last);
    else
      append(*at, last);
  }

 private:
  // The node that step `i` leads to; sections that the file leaves out are made on the way.
  Node& inner(Node& at, std::size_t i) {
    if (const auto* index = std::get_if<std::size_t>(&override_.steps[i])) return item(at, *index, i);
    const auto* key = std::get_if<std::string>(&override_.steps[i]);
    if (key == nullptr) throw Wrong{"[] is the end of a list: nothing can follow it"};
    be_mapping(at, i);
    if (Entry* entry = at.find(*key)) return entry->value;
    if (override_.action == Action::remove) throw Wrong{not_there(i + 1)};
    at.entries.push_back({*key, override_.position, empty_node()});
    return at.entries.back().value;
  }

  void change_key(Node& at, const std::string& key, std::size_t i) {
    be_mapping(at, i);
    Entry* entry = at.find(key);
    if (override_.action == Action::remove) {
      if (entry == nullptr) throw Wrong{not_there(i + 1)};
      at.entries.erase(at.entries.begin() + (entry - at.entries.data()));
      return;
    }
    const std::string path = path_text(override_.steps, i + 1);
    if (entry != nullptr && override_.action == Action::add)
      throw Wrong{"the file already has " + path +
                  (entry->key_position.line > 0 ? " (line " + std::to_string(entry->key_position.line) + ")" : "") +
                  ": write " + path + "=..." +
                  (entry->value.kind == Node::Kind::list ? ", or " + path + "[]=... with '+' to append" : "")};
    if (entry == nullptr) entry = &at.entries.emplace_back();
    *entry = {key, override_.position, std::move(override_.value)};
  }

  void change_item(Node& at, std::size_t index, std::size_t i) {
    if (override_.action == Action::add)
      throw Wrong{"'+' appends with empty brackets: +" + path_text(override_.steps, i) + "[]=..."};
    Node& place = item(at, index, i);
    if (override_.action == Action::remove)
      at.items.erase(at.items.begin() + (&place - at.items.data()));
    else
      place = std::move(override_.value);
  }

  void append(Node& at, std::size_t i) {
    const std::string path = path_text(override_.steps, i);
    if (override_.action != Action::add) throw Wrong{"appending is written +" + path + "[]=..."};
    if (at.kind == Node::Kind::nothing && has_default_elements(*list_))
      throw Wrong{path + " has a default and is not in the file, so appending is ambiguous: write " + path +
                  "=[...] with all of it"};
    be_list(at, i);
    at.items.push_back(std::move(override_.value));
  }

  Node& item(Node& at, std::size_t index, std::size_t i) {
    be_list(at, i);
    if (index < at.items.size()) return at.items[index];
    const std::string path = path_text(override_.steps, i);
    throw Wrong{path + " has " + std::to_string(at.items.size()) +
                " elements in the file, counted from 0: append with +" + path + "[]=..."};
  }

  void be_mapping(Node& at, std::size_t i) {
    if (at.kind == Node::Kind::nothing) at.kind = Node::Kind::mapping;
    if (at.kind != Node::Kind::mapping)
      throw Wrong{path_text(override_.steps, i) + " is no mapping in the file, so nothing in it can be changed"};
  }

  void be_list(Node& at, std::size_t i) {
    if (at.kind == Node::Kind::nothing) at.kind = Node::Kind::list;
    if (at.kind == Node::Kind::scalar && is_plain_list_of_one()) {
      Node only = std::move(at);
      at = Node();
      at.kind = Node::Kind::list;
      at.position = only.position;
      at.items.push_back(std::move(only));
    }
    if (at.kind != Node::Kind::list)
      throw Wrong{path_text(override_.steps, i) + " is no list in the file, so nothing in it can be changed"};
  }

  bool is_plain_list_of_one() const {
    return list_ != nullptr && (list_->kind == FieldKind::texts || list_->kind == FieldKind::paths);
  }
  std::string not_there(std::size_t count) const {
    return "the file has no " + path_text(override_.steps, count) + ", so '~' cannot take it out";
  }
  Node empty_node() const {
    Node node;
    node.position = override_.position;
    return node;
  }

  Override& override_;
  const Field* list_;
};

// As parse_path reads it back: keys that hold what ends a key are in quotes.
std::string quoted_path(const std::vector<PathStep>& steps) {
  std::string text;
  for (const PathStep& step : steps) {
    if (const auto* key = std::get_if<std::string>(&step)) {
      const bool is_plain = !key->empty() && key->find_first_of(".[=\"'") == std::string::npos;
      const char* quote = is_plain ? "" : key->find('"') == std::string::npos ? "\"" : "'";
      text += (text.empty() ? "" : ".") + (quote + *key + quote);
    } else if (const auto* index = std::get_if<std::size_t>(&step)) {
      text += "[" + std::to_string(*index) + "]";
    }
  }
  return text;
}

}  // namespace

void apply_overrides(Node& root, const std::vector<std::string>& overrides, const std::vector<Field>& fields,
                     std::vector<core::Problem>& problems) {
  for (const std::string& text : overrides) {
    const core::Position position{"command line: " + text, 0, 0};
    try {
      Override override = parse_override(text, position);
      const Field* list = check_steps(override.steps, fields).list;
      Change(override, list).apply(root);
    } catch (const Wrong& wrong) {
      problems.push_back({wrong.message, position});
    }
  }
}

std::variant<Place, Refusal> find_place(const std::string& path, const std::vector<Field>& fields) {
  std::optional<std::vector<PathStep>> steps = parse_path(path);
  if (!steps || std::holds_alternative<PastTheEnd>(steps->back()))
    return Refusal{shown(path) + " is not the name of a key"};
  try {
    const Reached reached = check_steps(*steps, fields);
    return Place{quoted_path(*steps), reached.field};
  } catch (const Wrong& wrong) {
    return Refusal{wrong.message};
  }
}

}  // namespace equipoise::config
