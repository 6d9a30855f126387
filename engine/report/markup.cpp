#include "engine/report/markup.h"

namespace equipoise::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Bytes of the UTF-8 character at `at`; 0 when there is none (stray, cut off, overlong, surrogate, out of range).
std::size_t character_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(at + 1);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
      (first == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return length;
}

/// Marks that turn the direction of the text after them (U+202A to U+202E, U+2066 to U+2069): a name that holds one
/// would garble the sentence it stands in.
bool turns_text(std::string_view character) {
  return (character >= "\u202A" && character <= "\u202E") || (character >= "\u2066" && character <= "\u2069");
}

std::string_view replaced(std::string_view character) {
  if (character.size() > 1) return turns_text(character) ? kReplacement : std::string_view{};
  const auto letter = static_cast<unsigned char>(character[0]);
  switch (letter) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return letter == 0x7F || (letter < 0x20 && letter != '\n' && letter != '\t') ? kReplacement : std::string_view{};
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    if (length == 0) {
      result += kReplacement;
      ++at;
      continue;
    }
    const std::string_view other = replaced(text.substr(at, length));
    result += other.empty() ? text.substr(at, length) : other;
    at += length;
  }
  return result;
}

void Markup::tag(std::string_view name, Attributes attributes) {
  html_ += '<';
  html_ += name;
  for (const auto& [attribute, value] : attributes) {
    html_ += ' ';
    html_ += attribute;
    if (!value.empty()) html_ += "=\"" + escaped(value) + '"';
  }
}

Markup::Scope Markup::in(std::string_view name, Attributes attributes) {
  tag(name, attributes);
  html_ += '>';
  open_.emplace_back(name);
  return Scope(*this);
}

void Markup::close() {
  html_ += "</" + open_.back() + '>';
  // Lines keep the source readable; none inside running text, where a line break would show as a space.
  const bool block = open_.back() != "span" && open_.back() != "strong" && open_.back() != "a" &&
                     open_.back() != "code" && open_.back() != "text" && open_.back() != "svg";
  if (block) html_ += '\n';
  open_.pop_back();
}

Markup& Markup::text(std::string_view text) {
  html_ += escaped(text);
  return *this;
}

Markup& Markup::element(std::string_view tag, Attributes attributes, std::string_view content) {
  const Scope scope = in(tag, attributes);
  return text(content);
}

Markup& Markup::empty(std::string_view name, Attributes attributes) {
  tag(name, attributes);
  html_ += " />";
  return *this;
}

Markup& Markup::verbatim(std::string_view markup) {
  html_ += markup;
  return *this;
}

std::string Markup::next_id() {
  return "e" + std::to_string(++ids_);
}

}  // namespace equipoise::report
