#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace equipoise::config {

struct Node;

/// Where a number may lie. Open ends are excluded; so infinity is allowed only where an end is infinite and closed.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;
};
/// Any finite number.
inline Bounds any() {
  return {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), true, true};
}
inline Bounds at_least(double low) {
  return {low, std::numeric_limits<double>::infinity(), false, true};
}
inline Bounds above(double low) {
  return {low, std::numeric_limits<double>::infinity(), true, true};
}
inline Bounds between(double low, double high) {
  return {low, high, false, false};
}
/// low < value < high
inline Bounds inside(double low, double high) {
  return {low, high, true, true};
}

enum class Need { optional, required };

/// One description of a struct's fields serves reading, checking, writing, the schema and the documentation: a params
/// struct has `void describe(config::Fields& fields)`, which names each field once; the subclasses of Fields do the
/// rest. The member's initialiser is the default. Sentences are one line, start with a capital and end with a full
/// stop.
class Fields {
 public:
  using Name = std::string_view;
  using Sentence = std::string_view;

  virtual ~Fields() = default;

  virtual void boolean(Name, bool& value, Sentence, Need = Need::optional) = 0;
  virtual void integer(Name, std::int64_t& value, Bounds, Sentence, Need = Need::optional) = 0;
  /// Finite unless the bounds include infinity.
  virtual void number(Name, double& value, Bounds, Sentence, Need = Need::optional) = 0;
  virtual void text(Name, std::string& value, Sentence, Need = Need::optional) = 0;
  /// One of a few words.
  virtual void choice(Name, std::string& value, const std::vector<std::string>& allowed, Sentence,
                      Need = Need::optional) = 0;
  /// A list of words; a single word stands for a list of one.
  virtual void texts(Name, std::vector<std::string>& value, Sentence, Need = Need::optional) = 0;
  virtual void integers(Name, std::vector<std::int64_t>& value, Bounds, Sentence, Need = Need::optional) = 0;
  virtual void numbers(Name, std::vector<double>& value, Bounds, Sentence, Need = Need::optional) = 0;
  /// Any keys to words; `allowed` empty: any words.
  virtual void text_map(Name, std::map<std::string, std::string>& value, const std::vector<std::string>& allowed,
                        Sentence) = 0;
  /// A path or a list of paths, relative to the config file when read, absolute afterwards.
  virtual void path(Name, std::string& value, Sentence, Need = Need::optional) = 0;
  virtual void paths(Name, std::vector<std::string>& value, Sentence, Need = Need::optional) = 0;

  /// Whatever is written there, as it stands, for a struct whose keys are not known beforehand: it reads them itself. It is not
  /// written back.
  virtual void tree(Name, Node& value, Sentence, Need = Need::optional) = 0;

  /// A nested mapping described by its own struct.
  template <typename Struct>
  void section(Name name, Struct& value, Sentence sentence, Need need = Need::optional) {
    nested(
        name, [&value](Fields& inner) { value.describe(inner); }, sentence, need);
  }

  /// A list of mappings.
  template <typename Struct>
  void list(Name name, std::vector<Struct>& value, Sentence sentence, Need need = Need::optional) {
    ListAccess access;
    access.size = [&value] { return value.size(); };
    access.resize = [&value](std::size_t size) { value.resize(size); };
    access.describe = [&value](std::size_t i, Fields& inner) { value[i].describe(inner); };
    access.describe_default = [](Fields& inner) {
      Struct fresh;
      fresh.describe(inner);
    };
    nested_list(name, access, sentence, need);
  }

 protected:
  struct ListAccess {
    std::function<std::size_t()> size;
    std::function<void(std::size_t)> resize;
    std::function<void(std::size_t, Fields&)> describe;
    std::function<void(Fields&)> describe_default;  ///< of one element, for the schema
  };
  virtual void nested(Name, const std::function<void(Fields&)>& describe, Sentence, Need) = 0;
  virtual void nested_list(Name, const ListAccess&, Sentence, Need) = 0;
};

}  // namespace equipoise::config
