#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace equipoise::cli {

/// Where a command writes its answer. With --json the answer is one JSON object, and plain text is not shown.
class Console {
 public:
  explicit Console(bool json) : json_(json) {}

  bool json() const { return json_; }
  /// Text for people, on stdout; nothing with --json.
  void print(std::string_view text) const;
  /// The one JSON object, on stdout; nothing without --json.
  void print_json(const nlohmann::ordered_json& object) const;

 private:
  bool json_;
};

/// Whether text on this descriptor may hold ANSI colours: a terminal, no NO_COLOR (https://no-color.org), not "dumb".
bool may_have_color(int descriptor);
/// Whether lines on this descriptor may be written over: a terminal that is not "dumb".
bool is_terminal(int descriptor);

}  // namespace equipoise::cli
