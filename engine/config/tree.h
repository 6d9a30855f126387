#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"

namespace equipoise::config {

struct Entry;

/// One value of a YAML text, with the place where it was written.
struct Node {
  enum class Kind {
    nothing,  ///< no value, or null
    scalar,
    list,
    mapping,
    refused,  ///< something a config may not hold; a problem was already listed for it
  };

  Kind kind = Kind::nothing;
  std::string text;            ///< of a scalar
  bool quoted = false;         ///< a scalar in quotes, or a block text: never a number, a boolean or null
  std::vector<Node> items;     ///< of a list
  std::vector<Entry> entries;  ///< of a mapping, in the order of the file, each key once
  core::Position position;

  /// The entry with this key, or null.
  const Entry* find(std::string_view key) const;
  Entry* find(std::string_view key);
};

struct Entry {
  std::string key;
  core::Position key_position;
  Node value;
};

constexpr std::size_t kLargestConfig = std::size_t{1} << 20;  ///< bytes
constexpr std::size_t kDeepestNesting = 64;

/// The tree of one YAML document. What YAML allows and a config does not is a problem with a position: anchors,
/// aliases, tags, merge keys, directives, duplicate keys, keys that are not words, a second document, more than
/// kLargestConfig bytes, nesting over kDeepestNesting, an unquoted value over several lines. So is what yaml-cpp lets
/// through although it is not YAML: unclosed quotes, lines without ':', tabs as indentation, control characters.
/// Returns nothing when the text could not be read to its end; otherwise the tree can be read although problems were
/// listed, so that all mistakes of a file come to light at once.
std::optional<Node> parse_yaml(std::string_view text, const std::string& file_name,
                               std::vector<core::Problem>& problems);

}  // namespace equipoise::config
