#include "engine/config/source_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace equipoise::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// The smallest and largest code point that a UTF-8 sequence of 2, 3 or 4 bytes may stand for.
struct SequenceKind {
  std::size_t length;
  std::uint32_t low, high;
};

std::optional<SequenceKind> sequence_kind(unsigned char lead) {
  if (lead < 0x80) return SequenceKind{1, 0, 0x7F};
  if (lead >= 0xC2 && lead <= 0xDF) return SequenceKind{2, 0x80, 0x7FF};
  if (lead >= 0xE0 && lead <= 0xEF) return SequenceKind{3, 0x800, 0xFFFF};
  if (lead >= 0xF0 && lead <= 0xF4) return SequenceKind{4, 0x10000, 0x10FFFF};
  return std::nullopt;
}

// The length of the well-formed sequence at the start of `text`, or 0.
std::size_t well_formed_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const auto kind = sequence_kind(lead);
  if (!kind || text.size() < kind->length) return 0;
  std::uint32_t point = kind->length == 1 ? lead : lead & (0x7Fu >> kind->length);
  for (std::size_t i = 1; i < kind->length; ++i) {
    if (!is_continuation(text[i])) return 0;
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return point < kind->low || point > kind->high || surrogate ? 0 : kind->length;
}

std::string hexadecimal(unsigned char byte) {
  std::array<char, 5> digits{};
  std::snprintf(digits.data(), digits.size(), "0x%02X", byte);
  return digits.data();
}

// What is wrong with the byte at `offset` of a text that is UTF-8 otherwise; nothing when it is fine.
std::optional<std::string> wrong_character(std::string_view text, std::size_t offset) {
  const auto byte = static_cast<unsigned char>(text[offset]);
  if (byte == 0) return "a NUL byte: a config file is plain text";
  if (byte == '\r') {
    if (offset + 1 < text.size() && text[offset + 1] == '\n') return std::nullopt;
    return "a carriage return that is not followed by a line feed: lines end in LF or CRLF";
  }
  const bool second_control_block = byte == 0xC2 && offset + 1 < text.size() &&
                                    static_cast<unsigned char>(text[offset + 1]) < 0xA0 && text[offset + 1] != '\x85';
  if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F || second_control_block)
    return "a control character (" + hexadecimal(second_control_block ? text[offset + 1] : byte) +
           "): write it as an escape in double quotes, such as \"\\x1b\"";
  if (text.substr(offset, kByteOrderMark.size()) == kByteOrderMark)
    return "a byte order mark in the middle of the text: remove it";
  return std::nullopt;
}

}  // namespace

SourceText::SourceText(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

core::Position SourceText::position(int line, int byte_column) const {
  if (line < 0 || line >= static_cast<int>(line_starts_.size()))
    return {file_, static_cast<int>(line_starts_.size()), 1};
  const std::size_t offset = std::min(line_starts_[line] + std::max(byte_column, 0), text_.size());
  if (line != last_line_) {
    last_line_ = line;
    last_offset_ = line_starts_[line];
    last_column_ = 0;
  }
  for (; last_offset_ < offset; ++last_offset_) last_column_ += !is_continuation(text_[last_offset_]);
  for (; last_offset_ > offset; --last_offset_) last_column_ -= !is_continuation(text_[last_offset_ - 1]);
  return {file_, line + 1, last_column_ + 1};
}

core::Position SourceText::position_of_offset(std::size_t offset) const {
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = static_cast<int>(next - line_starts_.begin()) - 1;
  return position(line, static_cast<int>(offset - line_starts_[line]));
}

std::string_view SourceText::from(int line, int byte_column) const {
  if (line < 0 || byte_column < 0 || line >= static_cast<int>(line_starts_.size())) return {};
  const std::size_t offset = line_starts_[line] + byte_column;
  return offset < text_.size() ? text_.substr(offset) : std::string_view();
}

std::string_view SourceText::line(int line) const {
  const std::string_view rest = from(line, 0);
  return rest.substr(0, rest.find_first_of("\r\n"));
}

std::size_t invalid_utf8_at(std::string_view text) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    const std::size_t length = well_formed_length(text.substr(offset));
    if (length == 0) return offset;
    offset += length;
  }
  return std::string_view::npos;
}

std::vector<core::Problem> byte_problems(const SourceText& source) {
  constexpr std::size_t kMostListed = 5;
  std::vector<core::Problem> problems;
  const std::string_view text = source.text();
  const std::size_t invalid = invalid_utf8_at(text);
  for (std::size_t i = 0; i < std::min(invalid, text.size()) && problems.size() < kMostListed; ++i)
    if (auto wrong = wrong_character(text, i)) problems.push_back({*wrong, source.position_of_offset(i)});
  if (invalid != std::string_view::npos)
    problems.push_back({"the byte " + hexadecimal(text[invalid]) + " is not UTF-8: save the file as UTF-8",
                        source.position_of_offset(invalid)});
  return problems;
}

}  // namespace equipoise::config
