#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/forms.h"
#include "engine/constraints/titles.h"
#include "engine/report/figures.h"
#include "engine/report/frontier_report.h"
#include "engine/report/terminal_table.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::Interval;
using evaluation::PromiseResult;
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

// By what constraints are ranked: of the rule without any, beside the config's tolerances. A bound that holds is none that a frontier is about,
// however near to it the figure lies.
double beside_tolerance(const FrontierRule& rule, const ConstraintResult& constraint) {
  const ConstraintFigure figure = figure_of(constraint);
  if (is_parity(constraint)) return figure.value && figure.tolerance > 0 ? *figure.value / figure.tolerance : 0;
  if (!rule.tolerance || figure.violation() == 0) return -1;
  return 1 + figure.violation() / (figure.tolerance > 0 ? figure.tolerance : 1);
}

// "5.7 (0.0-12.5)", and of what is no gap "figure 55.0 (50.1-59.7)"
std::string gap_of(const FrontierRule& rule, const std::optional<SplitResult>& split) {
  const ConstraintResult* constraint = leading_constraint(rule, split);
  if (constraint == nullptr) return "-";
  const ConstraintFigure figure = figure_of(*constraint);
  if (!figure.value || !std::isfinite(*figure.value)) return "-";
  const auto shown = [&](double value) { return fmt::format("{:.1f}", shown_figure(value, figure.unit)); };
  std::string text = (is_parity(*constraint) ? "" : "figure ") + shown(*figure.value);
  // What is shown of a floor is one minus its figure, which turns the ends around.
  const bool is_turned = figure.unit == "floor";
  if (figure.interval)
    text += fmt::format(" ({}-{})", shown(is_turned ? figure.interval->high : figure.interval->low),
                        shown(is_turned ? figure.interval->low : figure.interval->high));
  return text + (split->constraints.size() > 1 ? fmt::format(" [{}]", 1 + constraint - split->constraints.data()) : "");
}

// "[1] demographic parity by sex, gap at most 0.02 (points)"; "" where there is one.
std::string numbers_of_constraints(const FrontierReport& report) {
  const auto& measured = report.unconstrained.held_out;
  if (!measured || measured->constraints.size() < 2) return "";
  std::string text;
  for (std::size_t i = 0; i < measured->constraints.size(); ++i) {
    const ConstraintResult& constraint = measured->constraints[i];
    const std::string sign = sign_of(constraint.unit);
    text += fmt::format("[{}] {}{}\n", i + 1, plain(constraint.title, kTitleWidth),
                        constraint.unit.empty() || sign.empty() ? ""
                        : constraint.unit == "percent"          ? ", % that the smallest ratio lacks of 1"
                                                                : ", " + sign);
  }
  return text;
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

TerminalLine line_of(const FrontierReport& report, const FrontierRule& rule, bool color) {
  const bool is_kept = rule.tolerance == report.kept;
  return {tolerance_word(rule) + (is_kept ? " *" : "") + (can_be_shown(report, rule) == false ? " !" : "") +
              (is_unsure(report.rule_confidence, rule) ? " ?" : ""),
          accuracy_of(rule.held_out),
          gap_of(rule, rule.held_out),
          accuracy_of(rule.test),
          gap_of(rule, rule.test),
          verdict_of(rule, color)};
}

}  // namespace

ConstraintFigure figure_of(const ConstraintResult& constraint) {
  ConstraintFigure figure{constraint.gap, constraint.interval, constraint.unit, constraint.tolerance};
  if (!constraint.unit.empty() || constraint.promises.empty()) return figure;
  const auto of_promise = [](const PromiseResult& promise) {
    return ConstraintFigure{promise.gap, promise.interval, promise.unit, promise.tolerance};
  };
  const auto violation = [&](const PromiseResult& promise) { return of_promise(promise).violation(); };
  return of_promise(*std::ranges::max_element(constraint.promises, {}, violation));
}

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

std::string leaning_words(const FrontierRule& rule) {
  if (!rule.leaning) return "";
  return fmt::format("leans to the {} answer by {:.3f}", rule.leaning->answer, rule.leaning->by);
}

bool is_unsure(double rule_confidence, const FrontierRule& rule) {
  // One rule for everybody meets a tolerance as nearly as its steps allow.
  constexpr double kOfSteps = 0.01;
  return rule.excess > (rule_confidence > 0 ? kSlightExcess : kOfSteps);
}

std::string rule_sentence(double rule_confidence, const FrontierRule& rule) {
  std::string text = rule.leaning ? at_the_start(fmt::format("the rule {}.", leaning_words(rule))) : "";
  if (is_unsure(rule_confidence, rule) && rule_confidence == 0)
    return fmt::format(
        "No rule was found that the posterior expects inside all tolerances. This one comes nearest: the worst figure "
        "is "
        "expected to be {:.4f} over what it aims at.",
        rule.excess);
  if (is_unsure(rule_confidence, rule))
    text += fmt::format(
        "{}It is not as sure as it was to be: with what chance does the worst figure is {:.4f} over its tolerance.",
        text.empty() ? "" : " ", rule.excess);
  return text;
}

std::string confidence_sentence(const FrontierReport& report) {
  if (report.rule_confidence == 0) return "";
  std::string sentence = fmt::format(
      "Rules are to be inside with probability {:g} on as many new people as the {}s, as far as the posterior is "
      "right.",
      report.rule_confidence, report.test_rows > 0 ? "test row" : held_out_row(report));
  const auto count = [&](auto has) { return std::ranges::count_if(report.rules, has); };
  const auto add = [&](std::int64_t some, const char* one, const char* many) {
    if (some > 0) sentence += fmt::format(" {} of {} {}", some, report.rules.size(), some == 1 ? one : many);
  };
  add(count([](const FrontierRule& rule) { return rule.leaning.has_value(); }),
      "leans to one answer, whose figures vary less.", "lean to one answer, whose figures vary less.");
  add(count([&](const FrontierRule& rule) { return is_unsure(report.rule_confidence, rule); }),
      "is not that sure: nothing was found that is.", "are not that sure: nothing was found that is.");
  return sentence;
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

bool is_parity(const ConstraintResult& constraint) {
  const std::vector<std::string> forms = constraints::parity_form_names();
  return std::ranges::find(forms, constraint.form) != forms.end();
}

const ConstraintResult* leading_constraint(const FrontierRule& rule, const std::optional<SplitResult>& split) {
  if (!split || split->constraints.empty()) return nullptr;
  return &*std::ranges::max_element(
      split->constraints, {}, [&](const ConstraintResult& constraint) { return beside_tolerance(rule, constraint); });
}

std::optional<bool> can_be_shown(const FrontierReport& report, const FrontierRule& rule) {
  if (!rule.tolerance || !report.showable) return std::nullopt;
  return evaluation::is_inside(*report.showable, *rule.tolerance);
}

std::string showable_sentence(const FrontierReport& report) {
  if (!report.showable) return "";
  const std::string sentence = fmt::format("The smallest tolerance that the test rows could show is {:.4f}",
                                           std::ceil(*report.showable * 1e4) / 1e4);
  const auto below =
      std::ranges::count_if(report.rules, [&](const auto& rule) { return can_be_shown(report, rule) == false; });
  if (below == 0) return sentence + ".";
  return sentence + fmt::format(": {} of {} {} below it, and --pick refuses {}.", below,
                                counted(static_cast<std::int64_t>(report.rules.size()), "tolerance"),
                                below == 1 ? "is" : "are", below == 1 ? "it" : "them");
}

const char* held_out_row(const FrontierReport& report) {
  return report.is_out_of_fold ? "training row" : "selection row";
}

std::string frontier_sentence(const FrontierReport& report) {
  if (report.rules.empty() || !report.unconstrained.held_out) return "There is nothing on this frontier.";
  const FrontierRule &tightest = report.rules.front(), &free = report.unconstrained;
  const ConstraintResult* leading = leading_constraint(tightest, tightest.held_out);
  // Both by one parity; where a violated bound leads, which without constraints nothing is violated by, the other by its own.
  const ConstraintResult* beside = leading_constraint(free, free.held_out);
  if (leading != nullptr && is_parity(*leading))
    beside = &free.held_out->constraints[static_cast<std::size_t>(leading - tightest.held_out->constraints.data())];
  const auto figures = [](const FrontierRule& rule, const ConstraintResult* constraint) {
    const std::string accuracy = percent_text(rule.held_out->metrics.accuracy);
    if (constraint == nullptr) return fmt::format("accuracy {}", accuracy);
    const ConstraintFigure figure = figure_of(*constraint);
    const std::string text = figure_text(figure.value, figure.unit);
    if (is_parity(*constraint)) return fmt::format("accuracy {} at a gap of {}", accuracy, text);
    return fmt::format("accuracy {} with a violated bound at {}", accuracy, text);
  };
  return fmt::format(
      "On {}{}: without constraints {}, at the tolerance {} {}.", counted(report.held_out_rows, held_out_row(report)),
      report.is_out_of_fold ? ", each scored by the member that did not learn from it" : " that training left alone",
      figures(free, beside), tolerance_word(tightest), figures(tightest, leading));
}

std::string to_terminal(const FrontierReport& report, bool color) {
  std::vector<TerminalLine> lines = {{"tolerance", "accuracy %", "gap", "test accuracy %", "test gap", "test verdict"}};
  for (const FrontierRule& rule : report.rules) lines.push_back(line_of(report, rule, color));
  lines.push_back(line_of(report, report.unconstrained, color));
  std::string text = "\n" + plain(report.name, kTitleWidth) + ": accuracy against gap\n\n" + table_of(lines);
  text += fmt::format("\nAccuracy and gap are of {} {}s{}, by which the rules were solved for; {}.\n",
                      count_text(report.held_out_rows), held_out_row(report),
                      report.is_out_of_fold ? ", each scored by the member that did not learn from it" : "",
                      report.test_rows > 0 ? fmt::format("the {} test rows had no say", count_text(report.test_rows))
                                           : "there are no test rows");
  if (report.unconstrained.held_out && report.unconstrained.held_out->constraints.size() > 1)
    text +=
        "Gaps are those of the parity that is largest beside its own tolerance, whose number is behind them; where a "
        "bound "
        "is violated by more, its figure stands there.\n" +
        numbers_of_constraints(report);
  if (const std::string sentence = showable_sentence(report); !sentence.empty())
    text += without_typography(sentence) + "\n";
  if (report.rule_confidence > 0) text += without_typography(confidence_sentence(report)) + "\n";
  if (report.is_randomised) text += without_typography(draws_sentence(report)) + "\n";
  text += "* the rule of the run in the folder\n";
  if (std::ranges::any_of(report.rules, [&](const auto& rule) { return can_be_shown(report, rule) == false; }))
    text += "! below what the test rows could show\n";
  if (std::ranges::any_of(report.rules,
                          [&](const FrontierRule& rule) { return is_unsure(report.rule_confidence, rule); }))
    text += report.rule_confidence > 0
                ? "? not as sure as it was to be\n"
                : "? expected outside: no rule was found that is inside all tolerances, and this "
                  "one comes nearest\n";
  text += "\n" + without_typography(frontier_sentence(report)) + "\n";
  return text;
}

}  // namespace equipoise::report
