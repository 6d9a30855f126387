#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/evaluation/evaluation.h"

namespace equipoise::report {

/// Text from data as it may stand in a terminal: what could steer it is shown as '?', and what is longer than `most`
/// characters is cut, with "..." after it.
std::string plain(std::string_view text, std::size_t most);

/// Typographic spaces, dashes and minus signs as a terminal surely has them.
std::string without_typography(std::string text);

/// A number of any size in about four digits that count, "-" where there is none.
std::string plain_amount(std::optional<double> value);

/// Characters, not bytes, as far as a terminal's columns go.
std::size_t width_of(std::string_view text);

/// Blanks up to `width`, after the text or before it.
std::string padded(const std::string& text, std::size_t width, bool to_the_right = false);

/// The text in the verdict's colour; as it is without `color`.
std::string painted(std::string_view text, evaluation::Verdict verdict, bool color);

using TerminalLine = std::vector<std::string>;

/// Columns as wide as their widest entry, indented by two. After the first `words` columns, figures stand to the right.
/// The last column is never padded, so that it may hold colours.
std::string table_of(const std::vector<TerminalLine>& lines, std::size_t words = 1);

}  // namespace equipoise::report
