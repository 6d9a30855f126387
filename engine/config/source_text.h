#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"

namespace equipoise::config {

/// The text of one file, with what it takes to name places in it. Lines and columns that go in count from 0 and in
/// bytes (as the scanner counts them); positions that come out count from 1 and in characters (as editors do).
class SourceText {
 public:
  /// Keeps a view of `text`, which must outlive this object.
  SourceText(std::string_view text, std::string file);

  core::Position position(int line, int byte_column) const;
  core::Position position_of_offset(std::size_t offset) const;

  /// The text from a place to the end; empty when the place lies outside the text.
  std::string_view from(int line, int byte_column) const;
  /// One line without its end; empty when there is no such line.
  std::string_view line(int line) const;
  int line_count() const { return static_cast<int>(line_starts_.size()); }
  std::string_view text() const { return text_; }
  const std::string& file() const { return file_; }

 private:
  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> line_starts_;
  // The place last asked for: nodes come in order, so counting characters goes on from there and not from the start
  // of the line, which keeps a file of one long line linear.
  mutable int last_line_ = -1;
  mutable std::size_t last_offset_ = 0;
  mutable int last_column_ = 0;
};

/// The offset of the first byte that is not part of well-formed UTF-8 (no overlong forms, no surrogates), or npos.
std::size_t invalid_utf8_at(std::string_view text);

/// What no YAML text may hold: bytes that are not UTF-8, NUL and other control characters, a carriage return that ends
/// no line, a byte order mark in the middle. The first few are listed.
std::vector<core::Problem> byte_problems(const SourceText& source);

}  // namespace equipoise::config
