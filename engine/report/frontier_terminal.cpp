#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/titles.h"
#include "engine/report/figures.h"
#include "engine/report/frontier_report.h"
#include "engine/report/terminal_table.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::SplitResult;

constexpr std::size_t kTitleWidth = 68;

std::string percent(double share) {
  return fmt::format("{:.1f}", 100 * share);
}

// "84.2 (83.5-84.9)"
std::string accuracy_of(const std::optional<SplitResult>& split) {
  if (!split) return "-";
  const auto& interval = split->metrics.accuracy_interval;
  return percent(split->metrics.accuracy) +
         (interval ? fmt::format(" ({}-{})", percent(interval->low), percent(interval->high)) : "");
}

std::string gap_of(const FrontierRule& rule, const std::optional<SplitResult>& split) {
  const ConstraintResult* constraint = leading_constraint(rule, split);
  if (constraint == nullptr || !constraint->gap || !std::isfinite(*constraint->gap)) return "-";
  const auto shown = [&](double figure) { return fmt::format("{:.1f}", shown_figure(figure, constraint->unit)); };
  return shown(*constraint->gap) + (constraint->interval ? fmt::format(" ({}-{})", shown(constraint->interval->low),
                                                                       shown(constraint->interval->high))
                                                         : "");
}

std::string verdict_of(const FrontierRule& rule, bool color) {
  if (!rule.test) return "no test rows";
  if (!rule.tolerance) return "-";
  std::vector<evaluation::Verdict> verdicts;
  for (const ConstraintResult& constraint : rule.test->constraints) verdicts.push_back(constraint.verdict);
  if (verdicts.empty()) return "-";
  const evaluation::Verdict worst = evaluation::worst(verdicts);
  return painted(look_of(worst).word, worst, color);
}

TerminalLine line_of(const FrontierRule& rule, bool is_kept, bool color) {
  return {tolerance_word(rule) + (is_kept ? " *" : ""),
          accuracy_of(rule.selection),
          gap_of(rule, rule.selection),
          accuracy_of(rule.test),
          gap_of(rule, rule.test),
          verdict_of(rule, color)};
}

}  // namespace

std::string tolerance_word(const FrontierRule& rule) {
  return rule.tolerance ? constraints::number_text(*rule.tolerance) : "none";
}

std::string drawn_words(const FrontierRule& rule) {
  if (rule.probabilities.empty()) return "";
  std::string words = counted(static_cast<std::int64_t>(rule.probabilities.size()), "rule") + ":";
  for (const double probability : rule.probabilities)
    words += fmt::format("{}{:.2g}", words.back() == ':' ? " " : ", ", probability);
  return words;
}

std::string draws_sentence(const FrontierReport& report) {
  if (!report.is_randomised) return "";
  const std::int64_t drawn =
      std::ranges::count_if(report.rules, [](const auto& rule) { return !rule.probabilities.empty(); });
  return fmt::format(
      "Under {} of {} each row is decided by one of several rules, drawn by its place in the files: equal people may "
      "be decided differently.",
      drawn, counted(static_cast<std::int64_t>(report.rules.size()), "tolerance"));
}

const ConstraintResult* leading_constraint(const FrontierRule& rule, const std::optional<SplitResult>& split) {
  if (!split || split->constraints.empty()) return nullptr;
  const auto beside_tolerance = [&](const ConstraintResult& constraint) {
    return rule.tolerance && constraint.gap && constraint.tolerance > 0 ? *constraint.gap / constraint.tolerance : 0;
  };
  return &*std::ranges::max_element(split->constraints, {}, beside_tolerance);
}

std::string frontier_sentence(const FrontierReport& report) {
  const auto figures = [](const FrontierRule& rule) {
    const ConstraintResult* constraint = leading_constraint(rule, rule.selection);
    return fmt::format("accuracy {} at {} {}", percent_text(rule.selection->metrics.accuracy),
                       constraint && is_gap(constraint->unit) ? "a gap of" : "a figure of",
                       constraint ? figure_text(constraint->gap, constraint->unit) : "nothing");
  };
  if (report.rules.empty() || !report.unconstrained.selection) return "There is nothing on this frontier.";
  return fmt::format("On {} that training left alone: without constraints {}, at the tolerance {} {}.",
                     counted(report.selection_rows, "selection row"), figures(report.unconstrained),
                     tolerance_word(report.rules.front()), figures(report.rules.front()));
}

std::string to_terminal(const FrontierReport& report, bool color) {
  std::vector<TerminalLine> lines = {{"tolerance", "accuracy %", "gap", "test accuracy %", "test gap", "test verdict"}};
  for (const FrontierRule& rule : report.rules) lines.push_back(line_of(rule, rule.tolerance == report.kept, color));
  lines.push_back(line_of(report.unconstrained, false, color));
  std::string text = "\n" + plain(report.name, kTitleWidth) + ": accuracy against gap\n\n" + table_of(lines);
  text += fmt::format("\nAccuracy and gap are of {} selection rows, by which the rules were solved for; {}.\n",
                      count_text(report.selection_rows),
                      report.test_rows > 0 ? fmt::format("the {} test rows had no say", count_text(report.test_rows))
                                           : "there are no test rows");
  if (report.unconstrained.selection && report.unconstrained.selection->constraints.size() > 1)
    text += "Gaps are those of the constraint that is largest beside its own tolerance.\n";
  if (report.showable)
    text += fmt::format("The smallest tolerance that the test rows could show is {}.\n",
                        fmt::format("{:.4f}", std::ceil(*report.showable * 1e4) / 1e4));
  if (report.is_randomised) text += without_typography(draws_sentence(report)) + "\n";
  text += "* the rule of the run in the folder\n\n" + without_typography(frontier_sentence(report)) + "\n";
  return text;
}

}  // namespace equipoise::report
