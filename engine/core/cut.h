#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace equipoise::core {

/// Whether a byte goes on with a character (UTF-8) that began before it, and takes no room of its own.
inline bool goes_on(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// How many characters a text has.
inline std::size_t letters_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return !goes_on(byte); }));
}

/// As much of the text's beginning as `most` bytes hold, without a character (UTF-8) in pieces.
inline std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && goes_on(text[most])) --most;
  return std::string(text.substr(0, most));
}

}  // namespace equipoise::core
