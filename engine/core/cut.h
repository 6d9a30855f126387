#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace equipoise::core {

/// As much of the text's beginning as `most` bytes hold, without a character (UTF-8) in pieces.
inline std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return std::string(text.substr(0, most));
}

}  // namespace equipoise::core
