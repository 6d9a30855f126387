#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/report/bank_sections.h"
#include "engine/report/bank_summary.h"
#include "engine/report/figures.h"
#include "engine/report/plot_key.h"
#include "engine/report/scatter_plot.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::Verdict;

// More tolerances than these are not drawn as lines across the plot: each member's bracket says its own.
constexpr std::size_t kLimitLines = 6;

bool drawable(const BankMember& member, const ConstraintResult* result) {
  return result && result->gap && std::isfinite(*result->gap) && quality_of(*member.result).figure.has_value();
}

std::string figures_in_words(const std::string& number, const BankMember& member, const ConstraintResult& result) {
  std::string words = fmt::format("member {}", number);
  if (!member.title.empty()) words += fmt::format(" ({})", member.title);
  const Quality quality = quality_of(*member.result);
  words += fmt::format(": {} {}", quality.short_name, quality_text(quality));
  if (quality.interval) words += fmt::format(", interval {}", percent_range(quality.interval));
  const std::string& unit = result.unit;
  words += fmt::format("; {} {}", is_gap(unit) ? "gap" : "figure", figure_text(result.gap, unit));
  if (result.interval) words += fmt::format(", interval {}", figure_range(result.interval, unit));
  if (result.upper_bound)
    words += fmt::format(", {} bound {}", unit == "floor" ? "lower" : "upper", figure_text(result.upper_bound, unit));
  words += fmt::format(", {} {}: {}", is_gap(unit) ? "tolerance" : "allowed", figure_text(result.tolerance, unit),
                       look_of(result.verdict).word);
  if (member.outcome != "finished") words += fmt::format("; {}", member.outcome);
  return words;
}

ScatterMark mark_of(const std::string& number, const BankMember& member, const ConstraintResult& result,
                    bool own_limit) {
  ScatterMark mark;
  mark.frames = member.outcome == "finished";
  mark.label = mark.frames ? number : number + "*";
  mark.link = "#member-" + number;
  mark.hover = figures_in_words(number, member, result);
  mark.x = *result.gap;
  const Quality quality = quality_of(*member.result);
  mark.y = *quality.figure;
  mark.x_interval = result.interval;
  mark.y_interval = quality.interval;
  mark.x_bound = result.upper_bound;
  if (own_limit) mark.limit = result.tolerance;
  mark.verdict = result.verdict;
  return mark;
}

void write_key(Markup& page, const Quality& quality, bool own_limits, bool stopped) {
  const auto key = page.in("ul", {{"class", "legend"}});
  write_verdict_keys(page);
  write_line_key(page, "bar-line", quality.is_error ? "M4 7H24" : "M4 7H24M14 0V14",
                 quality.is_error ? "interval of the gap" : "intervals of gap and accuracy");
  write_line_key(page, "bound", "M14 1V13", "upper bound of the gap, which decides the verdict");
  if (own_limits) {
    write_line_key(page, "bracket", "M10 1H14V13H10", "the member's own tolerance");
    write_line_key(page, "reference", "M14 0V14", "a tolerance of the bank, its figure above it");
  } else {
    write_line_key(page, "reference", "M14 0V14", "tolerance, its figure above it; the shaded side is allowed");
  }
  if (stopped) page.element("li", {}, "* did not finish its training");
}

/// Which members are not in the plot, and why: none may be missed in silence.
void write_missing(Markup& page, const BankReport& report, const BankConstraint& constraint,
                   const std::vector<std::string>& outside) {
  const std::vector<std::string> numbers = member_numbers(report);
  std::vector<std::string> unmeasured, unconstrained, inestimable, far;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const ConstraintResult* result = constraint.of[i];
    if (!report.members[i].result) {
      unmeasured.push_back(numbers[i]);
    } else if (!result) {
      unconstrained.push_back(numbers[i]);
    } else if (!drawable(report.members[i], result)) {
      inestimable.push_back(numbers[i]);
    }
  }
  for (const std::string& label : outside) far.push_back(label.substr(0, label.find('*')));
  std::vector<std::string> sentences;
  const auto add = [&](const std::vector<std::string>& who, std::string_view why) {
    if (who.empty()) return;
    sentences.push_back(fmt::format("Not drawn: {} {}, {}.", who.size() == 1 ? "member" : "members", listed(who), why));
  };
  add(inestimable, fmt::format("of which the gap or the {} could not be estimated", quality_of(report).short_name));
  add(unmeasured, "of which nothing was measured");
  add(unconstrained, "without this constraint");
  add(far, "whose training did not finish and whose figures lie far from all others");
  if (sentences.empty()) return;
  const auto list = page.in("ul", {{"class", "plain note missing"}});
  for (const std::string& sentence : sentences) page.element("li", {}, sentence);
}

/// Of plain numbers the form says whether they are gaps.
std::string number_title(const BankConstraint& constraint) {
  for (const ConstraintResult* result : constraint.of) {
    if (!result) continue;
    const bool alone = result->form == "at_most" || result->form == "at_least" || result->form == "worst";
    return alone || result->form == "linear" ? "figure" : "gap";
  }
  return "figure";
}

std::string axis_title(const BankConstraint& constraint) {
  const std::string& unit = constraint.unit;
  if (unit == "percent") return "gap, % of the larger rate";
  if (unit == "share") return "largest rate, %";
  if (unit == "floor") return "one minus the smallest rate, %";
  return unit == "number" ? number_title(constraint) : "gap, points";
}

void write_plot(Markup& page, const BankReport& report, const BankConstraint& constraint) {
  const std::vector<std::string> numbers = member_numbers(report);
  const std::vector<double> tolerances = constraint.tolerances();
  const bool own_limits = tolerances.size() > 1;
  ScatterPlot plot;
  const Quality quality = quality_of(report);
  plot.title = fmt::format("{} against the gap: {}", at_the_start(quality.short_name), constraint.name);
  plot.x_title = axis_title(constraint);
  plot.y_title =
      quality.is_error ? "Root mean square error, in the units of the target; less is better" : "Accuracy, %";
  if (constraint.unit == "number") plot.x_unit = 1;
  if (quality.is_error) plot.y_unit = 1;
  bool stopped = false;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const BankMember& member = report.members[i];
    if (!drawable(member, constraint.of[i])) continue;
    plot.marks.push_back(mark_of(numbers[i], member, *constraint.of[i], own_limits));
    stopped = stopped || !plot.marks.back().frames;
    plot.description += (plot.description.empty() ? "" : ". ") + plot.marks.back().hover;
  }
  if (plot.marks.empty()) {
    page.element("h3", {}, plot.title);
    page.element("p", {}, "There is nothing to draw.");
    write_missing(page, report, constraint, {});
    return;
  }
  if (tolerances.size() <= kLimitLines) plot.limits = tolerances;
  const std::vector<std::string> outside = draw_scatter_plot(page, plot);
  write_key(page, quality, own_limits, stopped);
  write_missing(page, report, constraint, outside);
}

}  // namespace

void write_bank_plots(Markup& page, const BankReport& report) {
  const auto section = page.in("section", {{"id", "plots"}, {"aria-labelledby", "plots-title"}});
  const Quality quality = quality_of(report);
  page.element("h2", {{"id", "plots-title"}}, quality.is_error ? "Errors and gaps" : "Accuracy and gaps");
  const std::vector<BankConstraint> constraints = constraints_of(report);
  if (constraints.empty()) {
    page.element("p", {},
                 fmt::format("There is no constraint with a figure, so there is no gap to draw the {} against.",
                             quality.short_name));
    return;
  }
  page.element(
      "p", {{"class", "intro"}},
      fmt::format(
          "Further to the left is fairer by the constraint, further {} is more accurate. The number at a "
          "shape is the member's number in the table below; where there is no room for it, a pointer on the shape "
          "tells it, and a click leads to the row. Intervals are at {:g}\u202F% confidence. All members are "
          "measured on the same rows, so their differences are surer than intervals that overlap suggest.",
          quality.is_error ? "down" : "up", 100 * report.confidence));
  for (const BankConstraint& constraint : constraints) write_plot(page, report, constraint);
}

}  // namespace equipoise::report
