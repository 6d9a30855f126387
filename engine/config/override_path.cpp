#include "engine/config/override_path.h"

#include <algorithm>
#include <charconv>

namespace equipoise::config {
namespace {

// Takes "[3]" or "[]".
std::optional<PathStep> take_index(std::string_view& rest) {
  const std::size_t end = rest.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view digits = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  if (digits.empty()) return PastTheEnd{};
  std::size_t index = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (result.ec != std::errc() || result.ptr != digits.data() + digits.size()) return std::nullopt;
  return index;
}

// Takes a key up to the next '.' or '[', or one in quotes.
std::optional<std::string> take_key(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  if (rest.front() == '"' || rest.front() == '\'') {
    const std::size_t end = rest.find(rest.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    std::string key(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return key;
  }
  std::string key(rest.substr(0, rest.find_first_of(".[")));
  rest.remove_prefix(key.size());
  if (key.empty()) return std::nullopt;
  return key;
}

}  // namespace

std::optional<std::vector<PathStep>> parse_path(std::string_view text) {
  std::vector<PathStep> steps;
  std::string_view rest = text;
  while (true) {
    auto key = take_key(rest);
    if (!key) return std::nullopt;
    steps.emplace_back(std::move(*key));
    while (rest.starts_with('[')) {
      auto index = take_index(rest);
      if (!index) return std::nullopt;
      steps.push_back(*index);
    }
    if (rest.empty()) return steps;
    if (rest.front() != '.') return std::nullopt;
    rest.remove_prefix(1);
  }
}

std::string path_text(const std::vector<PathStep>& steps, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < std::min(count, steps.size()); ++i) {
    if (const auto* key = std::get_if<std::string>(&steps[i]))
      text += (text.empty() ? "" : ".") + *key;
    else if (const auto* index = std::get_if<std::size_t>(&steps[i]))
      text += "[" + std::to_string(*index) + "]";
    else
      text += "[]";
  }
  return text;
}

}  // namespace equipoise::config
