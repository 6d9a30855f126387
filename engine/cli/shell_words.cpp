#include "engine/cli/shell_words.h"

#include <string_view>

namespace equipoise::cli {
namespace {

constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

std::string quoted(const std::string& word) {
  // zsh expands a word that starts with '='.
  const bool is_plain = !word.empty() && word.front() != '=' && word.find_first_not_of(kPlain) == std::string::npos;
  if (is_plain) return word;
  std::string text = "'";
  for (const char letter : word) {
    if (letter == '\'') {
      text += "'\\''";
    } else {
      text += letter;
    }
  }
  return text + "'";
}

}  // namespace

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + quoted(word);
  return line;
}

}  // namespace equipoise::cli
