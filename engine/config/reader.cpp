#include "engine/config/reader.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "engine/config/scalars.h"
#include "engine/config/source_text.h"
#include "engine/core/nearest_name.h"

namespace equipoise::config {
namespace {

// What all sections of one reading share.
struct Reading {
  std::filesystem::path folder;
  std::vector<std::string> known_paths;  ///< of the whole config, to tell where a misplaced key belongs
  Origin& origin;
  std::vector<core::Problem>& problems;

  void problem(const core::Position& position, std::string message) {
    problems.push_back({std::move(message), position});
  }
};

// Reads one mapping.
class Reader : public Fields {
 public:
  Reader(const Node& node, std::string path, core::Position position, Reading& reading)
      : node_(node), path_(std::move(path)), position_(std::move(position)), reading_(reading) {}

  void boolean(Name name, bool& value, Sentence, Need need) override {
    if (const Entry* entry = take(name, need)) scalar(*entry, value, parse_boolean);
  }
  void integer(Name name, std::int64_t& value, Bounds bounds, Sentence, Need need) override {
    if (const Entry* entry = take(name, need))
      scalar(*entry, value, [&](std::string_view text) { return parse_integer(text, bounds); });
  }
  void number(Name name, double& value, Bounds bounds, Sentence, Need need) override {
    if (const Entry* entry = take(name, need))
      scalar(*entry, value, [&](std::string_view text) { return parse_number(text, bounds); });
  }
  void text(Name name, std::string& value, Sentence, Need need) override;
  void choice(Name name, std::string& value, const std::vector<std::string>& allowed, Sentence, Need need) override;
  void texts(Name name, std::vector<std::string>& value, Sentence, Need need) override;
  void integers(Name name, std::vector<std::int64_t>& value, Bounds bounds, Sentence, Need need) override {
    if (const Entry* entry = take(name, need))
      scalars(*entry, value, need, [&](std::string_view text) { return parse_integer(text, bounds); });
  }
  void numbers(Name name, std::vector<double>& value, Bounds bounds, Sentence, Need need) override {
    if (const Entry* entry = take(name, need))
      scalars(*entry, value, need, [&](std::string_view text) { return parse_number(text, bounds); });
  }
  void text_map(Name name, std::map<std::string, std::string>& value, const std::vector<std::string>& allowed,
                Sentence) override;
  void path(Name name, std::string& value, Sentence, Need need) override;
  void paths(Name name, std::vector<std::string>& value, Sentence, Need need) override;
  void tree(Name name, Node& value, Sentence, Need need) override;

  // After all fields were described: what is missing and what is not known.
  void finish();

 protected:
  void nested(Name name, const Describe& describe, Sentence, Need need) override;
  void nested_list(Name name, const ListAccess& access, Sentence, Need need) override;

 private:
  const Entry* take(Name name, Need need);
  std::string path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }
  std::string misplaced_hint(const std::string& key) const;
  void note(const std::string& path, const Node& node) { reading_.origin.set(path, node.position); }
  void problem(const Node& node, std::string_view path, const std::string& message) {
    reading_.problem(node.position, std::string(path) + ": " + message);
  }

  bool has_value(const Node& node, const std::string& path);
  bool is_scalar(const Node& node, const std::string& path, std::string_view expected);
  bool is_list(const Node& node, const std::string& path, std::string_view expected);
  bool read_text(const Node& node, const std::string& path, std::string& value);
  void resolve(const core::Position& position, const std::string& path, std::string& value);
  void read_texts(const Entry& entry, std::vector<std::string>& value, Need need, std::string_view expected);

  template <typename Value, typename Parse>
  bool parse(const Node& node, const std::string& path, Value& value, const Parse& parse);
  template <typename Value, typename Parse>
  void scalar(const Entry& entry, Value& value, const Parse& parse_text) {
    const std::string path = path_of(entry.key);
    note(path, entry.value);
    parse(entry.value, path, value, parse_text);
  }
  template <typename Value, typename Parse>
  void scalars(const Entry& entry, std::vector<Value>& value, Need need, const Parse& parse_text);

  const Node& node_;
  std::string path_;
  core::Position position_;  // of the key that opens this section
  Reading& reading_;
  std::vector<std::string> known_;
  std::vector<std::string> missing_;
};

const Entry* Reader::take(Name name, Need need) {
  known_.emplace_back(name);
  const Entry* entry = node_.find(name);
  if (entry == nullptr && need == Need::required) missing_.emplace_back(name);
  return entry;
}

bool Reader::has_value(const Node& node, const std::string& path) {
  if (node.kind == Node::Kind::refused) return false;
  if (node.kind != Node::Kind::nothing) return true;
  problem(node, path, "has no value (write \"\" for an empty text, [] for an empty list, \"null\" for that word)");
  return false;
}

bool Reader::is_scalar(const Node& node, const std::string& path, std::string_view expected) {
  if (!has_value(node, path)) return false;
  if (node.kind == Node::Kind::scalar) return true;
  problem(node, path, "expected " + std::string(expected) + ", got " + described(node));
  return false;
}

bool Reader::is_list(const Node& node, const std::string& path, std::string_view expected) {
  if (!has_value(node, path)) return false;
  if (node.kind == Node::Kind::list) return true;
  const bool scalar = node.kind == Node::Kind::scalar;
  problem(node, path,
          "expected " + std::string(expected) + ", got " + described(node) +
              (scalar ? " (write it in brackets: [...])" : ""));
  return false;
}

template <typename Value, typename Parse>
bool Reader::parse(const Node& node, const std::string& path, Value& value, const Parse& parse_text) {
  const bool refused_kind = node.kind != Node::Kind::scalar;
  auto parsed = parse_text(refused_kind ? std::string_view() : std::string_view(node.text));
  if (refused_kind) {
    // The refusal of an empty text names what was expected; only the end, what was got, differs.
    std::string expected = std::get<Refusal>(parsed).reason;
    expected = expected.substr(0, expected.find(", got"));
    return is_scalar(node, path, expected.substr(std::string_view("expected ").size()));
  }
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    problem(node, path, refusal->reason);
    return false;
  }
  if (node.quoted) {
    problem(node, path, shown(node.text) + " is a text because of its quotes: remove them");
    return false;
  }
  value = std::get<Value>(parsed);
  return true;
}

template <typename Value, typename Parse>
void Reader::scalars(const Entry& entry, std::vector<Value>& value, Need need, const Parse& parse_text) {
  constexpr bool whole = std::is_same_v<Value, std::int64_t>;
  const std::string path = path_of(entry.key);
  note(path, entry.value);
  if (!is_list(entry.value, path, kind_text(whole ? FieldKind::integers : FieldKind::numbers))) return;
  if (need == Need::required && entry.value.items.empty()) problem(entry.value, path, "needs at least one value");
  value.clear();
  for (std::size_t i = 0; i < entry.value.items.size(); ++i) {
    const std::string item_path = path + "[" + std::to_string(i) + "]";
    note(item_path, entry.value.items[i]);
    Value item{};
    if (parse(entry.value.items[i], item_path, item, parse_text)) value.push_back(item);
  }
}

bool Reader::read_text(const Node& node, const std::string& path, std::string& value) {
  note(path, node);
  if (!is_scalar(node, path, kind_text(FieldKind::text))) return false;
  value = node.text;
  return true;
}

void Reader::text(Name name, std::string& value, Sentence, Need need) {
  const Entry* entry = take(name, need);
  if (entry == nullptr || !read_text(entry->value, path_of(name), value)) return;
  if (need == Need::required && value.empty()) problem(entry->value, path_of(name), "must not be empty");
}

void Reader::choice(Name name, std::string& value, const std::vector<std::string>& allowed, Sentence, Need need) {
  const Entry* entry = take(name, need);
  std::string word;
  if (entry == nullptr || !read_text(entry->value, path_of(name), word)) return;
  if (std::find(allowed.begin(), allowed.end(), word) == allowed.end())
    return problem(
        entry->value, path_of(name),
        "expected one of " + core::listed(allowed) + ", got " + shown(word) + core::did_you_mean(word, allowed));
  value = word;
}

// A single text stands for a list of one.
void Reader::read_texts(const Entry& entry, std::vector<std::string>& value, Need need, std::string_view expected) {
  const std::string path = path_of(entry.key);
  note(path, entry.value);
  if (!has_value(entry.value, path)) return;
  if (entry.value.kind == Node::Kind::mapping)
    return problem(entry.value, path, "expected " + std::string(expected) + ", got a mapping");
  value.clear();
  if (entry.value.kind == Node::Kind::scalar) {
    note(path + "[0]", entry.value);
    value.push_back(entry.value.text);
    return;
  }
  if (need == Need::required && entry.value.items.empty()) problem(entry.value, path, "needs at least one value");
  for (std::size_t i = 0; i < entry.value.items.size(); ++i) {
    std::string item;
    if (read_text(entry.value.items[i], path + "[" + std::to_string(i) + "]", item)) value.push_back(std::move(item));
  }
}

void Reader::texts(Name name, std::vector<std::string>& value, Sentence, Need need) {
  if (const Entry* entry = take(name, need)) read_texts(*entry, value, need, kind_text(FieldKind::texts));
}

void Reader::text_map(Name name, std::map<std::string, std::string>& value, const std::vector<std::string>& allowed,
                      Sentence) {
  const Entry* entry = take(name, Need::optional);
  if (entry == nullptr) return;
  const std::string path = path_of(name);
  note(path, entry->value);
  if (entry->value.kind == Node::Kind::nothing || entry->value.kind == Node::Kind::refused) return;
  if (entry->value.kind != Node::Kind::mapping)
    return problem(entry->value, path,
                   "expected " + std::string(kind_text(FieldKind::text_map)) + ", got " + described(entry->value));
  value.clear();
  for (const Entry& item : entry->value.entries) {
    const std::string item_path = path + "." + item.key;
    std::string word;
    if (!read_text(item.value, item_path, word)) continue;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), word) == allowed.end())
      problem(item.value, item_path,
              "expected one of " + core::listed(allowed) + ", got " + shown(word) + core::did_you_mean(word, allowed));
    else
      value[item.key] = word;
  }
}

void Reader::resolve(const core::Position& position, const std::string& path, std::string& value) {
  if (value.empty()) return;
  std::string resolved = (reading_.folder / value).lexically_normal().string();
  if (resolved.size() > 1 && resolved.ends_with('/')) resolved.pop_back();
  if (invalid_utf8_at(resolved) == std::string::npos)
    value = std::move(resolved);
  else
    reading_.problem(position, path + ": lies in a folder whose name is not UTF-8: rename the folder");
}

void Reader::path(Name name, std::string& value, Sentence, Need need) {
  const Entry* entry = take(name, need);
  if (entry == nullptr) return resolve(position_, path_of(name), value);
  if (!read_text(entry->value, path_of(name), value)) return;
  if (value.empty() && need == Need::required) problem(entry->value, path_of(name), "must not be empty");
  resolve(entry->value.position, path_of(name), value);
}

void Reader::paths(Name name, std::vector<std::string>& value, Sentence, Need need) {
  const Entry* entry = take(name, need);
  if (entry != nullptr) read_texts(*entry, value, need, kind_text(FieldKind::paths));
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string item_path = path_of(name) + "[" + std::to_string(i) + "]";
    const core::Position position = reading_.origin.of(item_path).value_or(position_);
    if (value[i].empty()) reading_.problem(position, item_path + ": must not be empty");
    resolve(position, item_path, value[i]);
  }
}

void Reader::tree(Name name, Node& value, Sentence, Need need) {
  const Entry* entry = take(name, need);
  if (entry == nullptr) return;
  note(path_of(name), entry->value);
  if (has_value(entry->value, path_of(name))) value = entry->value;
}

// A section that is not written is read as an empty one, for its default paths; what it requires is not missed.
void Reader::nested(Name name, const Describe& describe, Sentence, Need need) {
  const Entry* entry = take(name, need);
  const std::string path = path_of(name);
  if (entry == nullptr || entry->value.kind == Node::Kind::refused) {
    const Node empty;
    Reader inner(empty, path, position_, reading_);
    return describe(inner);
  }
  reading_.origin.set(path, entry->key_position);
  if (entry->value.kind != Node::Kind::mapping && entry->value.kind != Node::Kind::nothing)
    return problem(entry->value, path,
                   "expected " + std::string(kind_text(FieldKind::section)) + ", got " + described(entry->value));
  Reader inner(entry->value, path, entry->key_position, reading_);
  describe(inner);
  inner.finish();
}

void Reader::nested_list(Name name, const ListAccess& access, Sentence, Need need) {
  const Entry* entry = take(name, need);
  if (entry == nullptr || entry->value.kind == Node::Kind::refused) return;
  const std::string path = path_of(name);
  reading_.origin.set(path, entry->key_position);
  if (entry->value.kind == Node::Kind::nothing && need == Need::optional) return;
  if (entry->value.kind != Node::Kind::list && entry->value.kind != Node::Kind::nothing)
    return problem(entry->value, path,
                   "expected " + std::string(kind_text(FieldKind::list)) + ", got " + described(entry->value) +
                       (entry->value.kind == Node::Kind::mapping ? " (start each section with '- ')" : ""));
  if (need == Need::required && entry->value.items.empty()) problem(entry->value, path, "needs at least one section");
  access.resize(0);  // so that every element starts from its own defaults
  access.resize(entry->value.items.size());
  for (std::size_t i = 0; i < entry->value.items.size(); ++i) {
    const Node& item = entry->value.items[i];
    const std::string item_path = path + "[" + std::to_string(i) + "]";
    note(item_path, item);
    if (item.kind == Node::Kind::refused) continue;
    if (item.kind != Node::Kind::mapping) {
      if (has_value(item, item_path))
        problem(item, item_path, "expected " + std::string(kind_text(FieldKind::section)) + ", got " + described(item));
      continue;
    }
    Reader inner(item, item_path, item.position, reading_);
    access.describe(i, inner);
    inner.finish();
  }
}

std::string Reader::misplaced_hint(const std::string& key) const {
  for (const std::string& known : reading_.known_paths)
    if (known.ends_with("." + key)) return " (did you mean '" + known + "'?)";
  return "";
}

void Reader::finish() {
  constexpr std::size_t kMostUnknown = 20;
  const std::string where = path_.empty() ? "" : " in " + path_;
  std::size_t unknown = 0;
  for (const Entry& entry : node_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    if (++unknown > kMostUnknown) continue;
    const std::string nearest = core::nearest_name(entry.key, known_);
    // The missing key that was misspelt is one mistake, not two.
    std::erase(missing_, nearest);
    const std::string hint = nearest.empty() ? misplaced_hint(entry.key) : " (did you mean '" + nearest + "'?)";
    reading_.problem(entry.key_position,
                     "unknown key " + shown(entry.key) + where + hint + "; known keys: " + core::listed(known_));
  }
  if (unknown > kMostUnknown)
    reading_.problem(node_.entries.back().key_position,
                     "and " + std::to_string(unknown - kMostUnknown) + " more unknown keys" + where);
  for (const std::string& name : missing_)
    reading_.problem(position_, "the required key '" + name + "' is missing" + where);
}

}  // namespace

std::string described(const Node& node) {
  switch (node.kind) {
    case Node::Kind::list:
      return "a list";
    case Node::Kind::mapping:
      return "a mapping";
    case Node::Kind::scalar:
      return shown(node.text);
    default:
      return "nothing";
  }
}

void sort_by_position(std::vector<core::Problem>& problems) {
  const auto place = [](const core::Problem& problem) {
    const bool has_line = problem.position && problem.position->line > 0;
    return std::tuple(!has_line, has_line ? problem.position->line : 0, has_line ? problem.position->column : 0);
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const core::Problem& a, const core::Problem& b) { return place(a) < place(b); });
}

void read(const Node& root, const std::filesystem::path& folder, const Describe& describe, Origin& origin,
          std::vector<core::Problem>& problems) {
  std::error_code error;
  const std::filesystem::path absolute_folder = std::filesystem::absolute(folder.empty() ? "." : folder, error);
  if (error) {
    problems.push_back({"the current folder cannot be read: " + error.message(), std::nullopt});
    return;
  }
  Reading reading{absolute_folder, all_paths(outline(describe)), origin, problems};
  if (root.kind == Node::Kind::mapping) {
    Reader reader(root, "", root.position, reading);
    describe(reader);
    reader.finish();
  } else if (root.kind != Node::Kind::refused) {
    reading.problem(root.position, "expected a mapping of keys to values (" +
                                       core::listed(names_of(outline(describe))) + "), got " + described(root));
  }
  sort_by_position(problems);
}

}  // namespace equipoise::config
