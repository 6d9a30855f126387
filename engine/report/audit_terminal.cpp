#include <fmt/format.h>

#include <algorithm>

#include "engine/report/audit_report.h"
#include "engine/report/figures.h"
#include "engine/report/terminal_table.h"

namespace equipoise::report {
namespace {

constexpr std::size_t kColumns = 80, kName = 28, kFindings = 12;

std::string wrapped(const std::string& text) {
  constexpr std::size_t kIndent = 4;
  std::string lines = "  \u00B7 ";
  std::size_t at = kIndent;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (at > kIndent && at + 1 + width_of(word) > kColumns) {
      lines += "\n" + std::string(kIndent, ' ');
      at = kIndent;
    } else if (at > kIndent) {
      lines += " ";
      ++at;
    }
    lines += word;
    at += width_of(word);
    begin = end + 1;
  }
  return lines + "\n";
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

// Groups that are not crossed: the page has the others.
std::string groups_table(const audit::Audit& audit) {
  std::vector<TerminalLine> lines = {{"group", "rows", "share"}};
  const bool one_answer = audit.answers.size() == 1;
  if (one_answer) lines[0].push_back(audit.answers[0].answer);
  lines[0].push_back("inputs missing");
  for (const audit::GroupingCounts& grouping : audit.groupings) {
    if (grouping.crossed) continue;
    for (const audit::LevelCounts& level : grouping.levels) {
      std::int64_t rows = 0;
      for (const std::int64_t of_split : level.rows) rows += of_split;
      TerminalLine& line = lines.emplace_back(TerminalLine{plain(level_name(grouping.grouping, level.level), kName),
                                                           count_text(rows), percent(level.share)});
      if (one_answer) line.push_back(level.answers.empty() ? "-" : percent(level.answers[0].rate));
      line.push_back(percent(level.missing));
    }
  }
  if (lines.size() == 1) return "  The config names no groups: nothing is said of any.\n";
  const bool has_crossings = std::ranges::any_of(audit.groupings, &audit::GroupingCounts::crossed);
  return table_of(lines) + (has_crossings ? "  Crossings are in the report.\n" : "");
}

// As it stands, to be copied.
std::string plain_lines(const std::string& text) {
  std::string lines;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines += plain(text.substr(begin, end - begin), 1000) + "\n";
  return lines;
}

}  // namespace

std::string to_terminal(const AuditReport& report) {
  const std::vector<std::string> found = findings(report);
  std::string text = fmt::format("\n{} rows\n\n", count_text(report.audit.rows)) + groups_table(report.audit) + "\n";
  if (found.empty()) text += "  Nothing that asks for attention was found.\n";
  for (std::size_t i = 0; i < std::min(found.size(), kFindings); ++i) text += wrapped(plain(found[i], 1000));
  if (found.size() > kFindings) text += fmt::format("  \u00B7 {} more in the report\n", found.size() - kFindings);
  if (report.audit.suggestions.recipes.empty()) return text;
  return text + "\n  What this speaks for, to be measured with and without:\n\n" +
         plain_lines(suggested_yaml(report.audit.suggestions));
}

}  // namespace equipoise::report
