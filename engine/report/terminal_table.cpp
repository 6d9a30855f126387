#include "engine/report/terminal_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/core/cut.h"
#include "engine/report/figures.h"

namespace equipoise::report {

using evaluation::Verdict;

std::string plain(std::string_view text, std::size_t most) {
  std::string result;
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!core::goes_on(text[i]) && ++width > most) return result + "...";
    // U+0080 to U+009F, in two bytes, are control characters too.
    const bool late_control = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (late_control) ++i;
    result += byte < 0x20 || byte == 0x7F || late_control ? '?' : text[i];
  }
  return result;
}

std::string without_typography(std::string text) {
  for (const auto& [typographic, one] : {std::pair{"\u202F", " "}, {"\u00A0", " "}, {"\u2212", "-"}, {"\u2013", "-"}})
    for (std::size_t at = text.find(typographic); at != std::string::npos; at = text.find(typographic))
      text.replace(at, std::string_view(typographic).size(), one);
  return text;
}

std::string plain_amount(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return "-";
  const std::string text = amount_text(std::abs(*value));
  const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
  return (*value < 0 && !is_zero ? "-" : "") + text;
}

std::size_t width_of(std::string_view text) {
  return core::letters_of(text);
}

std::string padded(const std::string& text, std::size_t width, bool to_the_right) {
  const std::string blanks(width > width_of(text) ? width - width_of(text) : 0, ' ');
  return to_the_right ? blanks + text : text + blanks;
}

std::string painted(std::string_view text, Verdict verdict, bool color) {
  if (!color) return std::string(text);
  const char* code = verdict == Verdict::met         ? "32"
                     : verdict == Verdict::not_shown ? "33"
                     : verdict == Verdict::violated  ? "31"
                                                     : "2";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string table_of(const std::vector<TerminalLine>& lines, std::size_t words) {
  std::vector<std::size_t> widths(lines.front().size(), 0);
  for (const TerminalLine& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  std::string text;
  for (const TerminalLine& line : lines) {
    text += "  ";
    for (std::size_t i = 0; i + 1 < line.size(); ++i) text += padded(line[i], widths[i], i >= words) + "  ";
    text += line.back() + "\n";
  }
  return text;
}

}  // namespace equipoise::report
