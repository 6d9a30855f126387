#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/bank_summary.h"
#include "engine/report/figures.h"
#include "engine/report/terminal_table.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::Verdict;

constexpr std::size_t kColumns = 80;
constexpr std::size_t kNameWidth = 56;
constexpr std::size_t kLeastTitle = 20;
constexpr std::size_t kOutcomeWidth = 16;

std::string quality_figure(const BankMember& member) {
  if (!member.result) return "-";
  const Quality quality = quality_of(*member.result);
  if (quality.is_error) return plain_amount(quality.figure);
  return quality.figure ? fmt::format("{:.1f} %", 100 * *quality.figure) : "-";
}

std::string in_unit(double figure, const std::string& unit) {
  return unit == "number" ? plain_amount(figure) : fmt::format("{:.1f}", shown_figure(figure, unit));
}

/// "1.8 (6.3)": the gap, and its upper bound.
std::string gap_and_bound(const ConstraintResult* result) {
  if (!result || !result->gap || !std::isfinite(*result->gap)) return "-";
  const bool bounded = result->upper_bound && std::isfinite(*result->upper_bound);
  return fmt::format("{} ({})", in_unit(*result->gap, result->unit),
                     bounded ? in_unit(*result->upper_bound, result->unit) : "-");
}

std::string verdict_word(const BankMember& member) {
  const auto verdict = worst_verdict(member);
  if (member.result && has_diverged(member)) return "no result";
  return std::string(!member.result ? "not measured" : verdict ? look_of(*verdict).word : "no constraint");
}

std::string verdict_words(const BankMember& member, bool color) {
  const std::string outcome = member.outcome == "finished" ? "" : ", " + plain(member.outcome, kOutcomeWidth);
  const Verdict verdict =
      has_diverged(member) ? Verdict::not_estimable : worst_verdict(member).value_or(Verdict::not_estimable);
  return painted(verdict_word(member), verdict, color) + outcome;
}

/// With one constraint its column says what it holds; several have a letter each, so that they fit side by side.
std::string heading(std::size_t constraint, std::size_t all) {
  if (all == 1) return "gap (bound)";
  return constraint < 26 ? std::string(1, static_cast<char>('A' + constraint)) : fmt::format("{}", constraint + 1);
}

std::string words_of(const std::string& unit) {
  if (unit == "percent") return "gap (upper bound) in percent";
  if (unit == "share") return "largest rate (upper bound) in percent";
  if (unit == "floor") return "smallest rate (lower bound) in percent";
  return unit == "number" ? "figure (upper bound)" : "gap (upper bound) in points";
}

std::string key_of(const std::vector<BankConstraint>& constraints) {
  std::string text;
  for (std::size_t c = 0; c < constraints.size(); ++c) {
    const BankConstraint& constraint = constraints[c];
    const std::string letter = constraints.size() == 1 ? "" : heading(c, constraints.size()) + "  ";
    text += fmt::format("  {}{}: {}\n", letter, plain(constraint.name, kNameWidth), words_of(constraint.unit));
  }
  return text;
}

/// What the other columns of the table leave of the terminal for the titles of members. An outcome after a verdict is
/// rare and stands last: it may pass the edge.
std::size_t width_for_titles(const std::vector<TerminalLine>& lines, const BankReport& report) {
  std::size_t taken = 4;  // the indent, and the blanks after the title
  for (std::size_t column = 0; column + 1 < lines[0].size(); ++column) {
    if (column == 1) continue;
    std::size_t width = 0;
    for (const TerminalLine& line : lines) width = std::max(width, width_of(line[column]));
    taken += width + 2;
  }
  std::size_t verdict = lines[0].back().size();
  for (const BankMember& member : report.members) verdict = std::max(verdict, verdict_word(member).size());
  taken += verdict;
  return std::max(kLeastTitle, kColumns > taken ? kColumns - taken : 0);
}

std::string members_table(const BankReport& report, const std::vector<BankConstraint>& constraints, bool color) {
  const std::vector<std::string> numbers = member_numbers(report);
  std::size_t number_width = 1;
  for (const std::string& number : numbers) number_width = std::max(number_width, number.size());
  std::vector<TerminalLine> lines(1 + report.members.size());
  lines[0] = {padded("#", number_width, true), "member", quality_of(report).short_name};
  for (std::size_t c = 0; c < constraints.size(); ++c) lines[0].push_back(heading(c, constraints.size()));
  lines[0].push_back("verdict");
  for (std::size_t i = 0; i < report.members.size(); ++i) {
    const BankMember& member = report.members[i];
    TerminalLine& line = lines[i + 1];
    line = {padded(numbers[i], number_width, true), "", quality_figure(member)};
    for (const BankConstraint& constraint : constraints) line.push_back(gap_and_bound(constraint.of[i]));
    line.push_back(verdict_words(member, color));
  }
  constexpr std::size_t kDots = 3;
  const std::size_t width = width_for_titles(lines, report);
  for (std::size_t i = 0; i < report.members.size(); ++i) {
    const std::string& title = report.members[i].title;
    lines[i + 1][1] = plain(title, width_of(title) <= width ? width : width - kDots);
  }
  return table_of(lines, 2);
}

/// In lines of the terminal's width; its typographic spaces and dashes as a terminal surely has them.
std::string wrapped(const std::string& sentence) {
  std::string text = without_typography(sentence);
  text = plain(text, text.size());
  std::string lines;
  std::size_t width = kColumns;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(' ', from), text.size());
    const std::string word = plain(text.substr(from, end - from), kColumns - 5);  // a title may be one long word
    const bool fits = width + 1 + width_of(word) <= kColumns;
    lines += fits ? " " + word : (lines.empty() ? "  " : "\n  ") + word;
    width = fits ? width + 1 + width_of(word) : 2 + width_of(word);
    from = end + 1;
  }
  return lines + "\n";
}

std::string measured_line(const BankReport& report) {
  for (const BankMember& member : report.members) {
    if (!member.result) continue;
    return fmt::format("  measured on {} rows of the {} split\n", member.result->metrics.rows,
                       plain(member.result->split, kNameWidth));
  }
  return "";
}

}  // namespace

std::string to_terminal(const BankReport& report, bool color) {
  std::string text = plain(report.name, kNameWidth);
  if (report.outcome != "finished") text += fmt::format(" ({})", plain(report.outcome, kNameWidth));
  text += "\n";
  const std::vector<BankConstraint> constraints = constraints_of(report);
  text += measured_line(report) + key_of(constraints);
  if (!report.members.empty()) text += "\n" + members_table(report, constraints, color) + "\n";
  text += wrapped(bank_sentence(report));
  if (const std::string outcome = outcome_sentence(report); !outcome.empty()) text += wrapped(outcome);
  if (!report.warnings.empty()) {
    text +=
        fmt::format("  {} warning{}, see the report\n", report.warnings.size(), report.warnings.size() == 1 ? "" : "s");
  }
  return text;
}

}  // namespace equipoise::report
