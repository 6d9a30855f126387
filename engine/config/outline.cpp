#include "engine/config/outline.h"

#include <stdexcept>
#include <utility>

namespace equipoise::config {
namespace {

class Outliner : public Fields {
 public:
  explicit Outliner(std::vector<Field>& fields) : fields_(fields) {}

  void boolean(Name name, bool& value, Sentence sentence, Need need) override {
    add(name, FieldKind::boolean, sentence, need).value = value;
  }
  void integer(Name name, std::int64_t& value, Bounds bounds, Sentence sentence, Need need) override {
    add_bounded(name, FieldKind::integer, bounds, sentence, need).value = value;
  }
  void number(Name name, double& value, Bounds bounds, Sentence sentence, Need need) override {
    add_bounded(name, FieldKind::number, bounds, sentence, need).value = value;
  }
  void text(Name name, std::string& value, Sentence sentence, Need need) override {
    add(name, FieldKind::text, sentence, need).value = value;
  }
  void choice(Name name, std::string& value, const std::vector<std::string>& allowed, Sentence sentence,
              Need need) override {
    Field& field = add(name, FieldKind::choice, sentence, need);
    field.allowed = allowed;
    field.value = value;
  }
  void texts(Name name, std::vector<std::string>& value, Sentence sentence, Need need) override {
    add(name, FieldKind::texts, sentence, need).value = value;
  }
  void integers(Name name, std::vector<std::int64_t>& value, Bounds bounds, Sentence sentence, Need need) override {
    add_bounded(name, FieldKind::integers, bounds, sentence, need).value = value;
  }
  void numbers(Name name, std::vector<double>& value, Bounds bounds, Sentence sentence, Need need) override {
    add_bounded(name, FieldKind::numbers, bounds, sentence, need).value = value;
  }
  void text_map(Name name, std::map<std::string, std::string>& value, const std::vector<std::string>& allowed,
                Sentence sentence) override {
    Field& field = add(name, FieldKind::text_map, sentence, Need::optional);
    field.allowed = allowed;
    field.value = value;
  }
  void path(Name name, std::string& value, Sentence sentence, Need need) override {
    add(name, FieldKind::path, sentence, need).value = value;
  }
  void paths(Name name, std::vector<std::string>& value, Sentence sentence, Need need) override {
    add(name, FieldKind::paths, sentence, need).value = value;
  }
  void tree(Name name, Node&, Sentence sentence, Need need) override { add(name, FieldKind::tree, sentence, need); }

 protected:
  void nested(Name name, const Describe& describe, Sentence sentence, Need need) override {
    std::vector<Field> inner = outline(describe);
    add(name, FieldKind::section, sentence, need).fields = std::move(inner);
  }
  void nested_list(Name name, const ListAccess& access, Sentence sentence, Need need) override {
    Field& field = add(name, FieldKind::list, sentence, need);
    field.fields = outline(access.describe_default);
    for (std::size_t i = 0; i < access.size(); ++i)
      field.elements.push_back(outline([&](Fields& inner) { access.describe(i, inner); }));
  }

 private:
  Field& add(Name name, FieldKind kind, Sentence sentence, Need need) {
    if (find_field(fields_, name) != nullptr)
      throw std::logic_error("the config field '" + std::string(name) + "' is described twice");
    Field& field = fields_.emplace_back();
    field.name = name;
    field.kind = kind;
    field.sentence = sentence;
    field.need = need;
    return field;
  }
  Field& add_bounded(Name name, FieldKind kind, Bounds bounds, Sentence sentence, Need need) {
    Field& field = add(name, kind, sentence, need);
    field.bounds = bounds;
    return field;
  }

  std::vector<Field>& fields_;
};

void collect_paths(const std::vector<Field>& fields, const std::string& prefix, std::vector<std::string>& paths) {
  for (const Field& field : fields) {
    const std::string path = prefix + field.name;
    paths.push_back(path);
    collect_paths(field.fields, path + (field.kind == FieldKind::list ? "[]." : "."), paths);
  }
}

}  // namespace

std::vector<Field> outline(const Describe& describe) {
  std::vector<Field> fields;
  Outliner outliner(fields);
  describe(outliner);
  return fields;
}

const Field* find_field(const std::vector<Field>& fields, std::string_view name) {
  for (const Field& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

std::vector<std::string> names_of(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

std::vector<std::string> all_paths(const std::vector<Field>& fields) {
  std::vector<std::string> paths;
  collect_paths(fields, "", paths);
  return paths;
}

std::string_view kind_text(FieldKind kind) {
  switch (kind) {
    case FieldKind::boolean:
      return "true or false";
    case FieldKind::integer:
      return "a whole number";
    case FieldKind::number:
      return "a number";
    case FieldKind::text:
      return "a text";
    case FieldKind::choice:
      return "one of a few words";
    case FieldKind::texts:
      return "a text or a list of texts";
    case FieldKind::integers:
      return "a list of whole numbers";
    case FieldKind::numbers:
      return "a list of numbers";
    case FieldKind::text_map:
      return "a mapping of words to words";
    case FieldKind::path:
      return "a path";
    case FieldKind::paths:
      return "a path or a list of paths";
    case FieldKind::tree:
      return "anything that its sentence allows";
    case FieldKind::section:
      return "a section (a mapping of keys to values)";
    case FieldKind::list:
      return "a list of sections";
  }
  throw std::logic_error("a field kind without a text");
}

bool is_plain_list(FieldKind kind) {
  return kind == FieldKind::texts || kind == FieldKind::integers || kind == FieldKind::numbers ||
         kind == FieldKind::paths;
}

}  // namespace equipoise::config
