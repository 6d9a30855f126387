#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/report.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::SplitResult;
using evaluation::Verdict;

constexpr std::size_t kTitleWidth = 56;

/// Level names come from data: what could steer a terminal is shown as '?', and long names are cut.
std::string plain(std::string_view text, std::size_t most) {
  std::string result;
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool continues = (byte & 0xC0) == 0x80;
    if (!continues && ++width > most) return result + "...";
    // U+0080 to U+009F, in two bytes, are control characters too.
    const bool late_control = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (late_control) ++i;
    result += byte < 0x20 || byte == 0x7F || late_control ? '?' : text[i];
  }
  return result;
}

/// Characters, not bytes, as far as a terminal's columns go.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char letter) { return (static_cast<unsigned char>(letter) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool to_the_right = false) {
  const std::string blanks(width > width_of(text) ? width - width_of(text) : 0, ' ');
  return to_the_right ? blanks + text : text + blanks;
}

std::string share(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{:.1f} %", 100 * *value) : "-";
}

std::string gap(std::optional<double> value, const std::string& form) {
  if (!value || !std::isfinite(*value)) return "-";
  return fmt::format("{:.1f} {}", 100 * *value, form == "ratio" ? "%" : "points");
}

std::string painted(std::string_view text, Verdict verdict, bool color) {
  if (!color) return std::string(text);
  const char* code = verdict == Verdict::met         ? "32"
                     : verdict == Verdict::not_shown ? "33"
                     : verdict == Verdict::violated  ? "31"
                                                     : "2";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

using Line = std::vector<std::string>;

/// Columns as wide as their widest entry; figures stand to the right. The last column is never padded.
std::string table_of(const std::vector<Line>& lines) {
  std::vector<std::size_t> widths(lines.front().size(), 0);
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  std::string text;
  for (const Line& line : lines) {
    text += "  ";
    for (std::size_t i = 0; i + 1 < line.size(); ++i) text += padded(line[i], widths[i], i > 0) + "  ";
    text += line.back() + "\n";
  }
  return text;
}

std::string constraints_table(const SplitResult& split, bool color) {
  std::vector<Line> lines = {{"constraint", "gap", "upper bound", "tolerance", "verdict"}};
  for (const ConstraintResult& constraint : split.constraints) {
    lines.push_back({plain(constraint.title, kTitleWidth), gap(constraint.gap, constraint.form),
                     gap(constraint.upper_bound, constraint.form), gap(constraint.tolerance, constraint.form),
                     painted(look_of(constraint.verdict).word, constraint.verdict, color)});
  }
  return table_of(lines);
}

std::string accuracy_line(const SplitResult& split) {
  const evaluation::Metrics& metrics = split.metrics;
  std::string line = fmt::format("  accuracy {}", share(metrics.accuracy));
  if (metrics.accuracy_interval) {
    line +=
        fmt::format(" ({:.1f} to {:.1f})", 100 * metrics.accuracy_interval->low, 100 * metrics.accuracy_interval->high);
  }
  if (metrics.auc) line += fmt::format(", AUC {:.3f}", *metrics.auc);
  return line + fmt::format(", on {} rows of the {} split\n", metrics.rows, plain(split.split, kTitleWidth));
}

}  // namespace

std::string to_terminal(const Report& report, bool color) {
  std::string text = plain(report.name, kTitleWidth);
  if (report.outcome != "finished") text += fmt::format(" ({})", plain(report.outcome, kTitleWidth));
  text += "\n";
  const SplitResult* split = headline_split(report);
  if (!split) return text + "  nothing was measured\n";
  text += accuracy_line(*split);
  text += split->constraints.empty() ? "  no constraint was set\n" : "\n" + constraints_table(*split, color);
  if (!report.warnings.empty()) {
    text += fmt::format("\n  {} warning{}, see the report\n", report.warnings.size(),
                        report.warnings.size() == 1 ? "" : "s");
  }
  return text;
}

}  // namespace equipoise::report
