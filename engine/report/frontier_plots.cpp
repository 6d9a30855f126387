#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/titles.h"
#include "engine/report/figures.h"
#include "engine/report/frontier_report.h"
#include "engine/report/plot_key.h"
#include "engine/report/scatter_plot.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::SplitResult;
using SplitOf = std::optional<SplitResult> FrontierRule::*;

bool is_drawable(const std::optional<SplitResult>& split, std::size_t constraint) {
  return split && constraint < split->constraints.size() && split->constraints[constraint].gap &&
         std::isfinite(*split->constraints[constraint].gap) && std::isfinite(split->metrics.accuracy);
}

std::string figures_in_words(const FrontierRule& rule, const SplitResult& split, const ConstraintResult& result) {
  std::string words = rule.tolerance ? "tolerance " + tolerance_word(rule) : "without constraints";
  words += fmt::format(": accuracy {}", percent_text(split.metrics.accuracy));
  if (split.metrics.accuracy_interval)
    words += fmt::format(", interval {}", percent_range(split.metrics.accuracy_interval));
  words += fmt::format("; {} {}", is_parity(result) ? "gap" : "figure", figure_text(result.gap, result.unit));
  if (result.interval) words += fmt::format(", interval {}", figure_range(result.interval, result.unit));
  if (rule.tolerance) words += fmt::format(": {}", look_of(result.verdict).word);
  if (!rule.probabilities.empty()) words += "; draws one of " + drawn_words(rule);
  return words;
}

ScatterMark mark_of(const FrontierRule& rule, const SplitResult& split, const ConstraintResult& result) {
  ScatterMark mark;
  mark.label = tolerance_word(rule);
  mark.link = "#rule-" + mark.label;
  mark.hover = figures_in_words(rule, split, result);
  mark.x = *result.gap;
  mark.y = split.metrics.accuracy;
  mark.x_interval = result.interval;
  mark.y_interval = split.metrics.accuracy_interval;
  mark.verdict = rule.tolerance ? result.verdict : evaluation::Verdict::no_promise;
  return mark;
}

std::string x_title_of(const ConstraintResult& result) {
  // Further to the left is fairer, so that a floor is drawn by what is missing to all.
  if (result.unit == "floor") return "100\u202F% minus the rate, %";
  if (!is_parity(result)) return "figure";
  return result.unit == "points" ? "gap, points" : "gap, % of the larger rate";
}

// "none, 0.01\u20130.05, 0.08" of rules that come to nearly the same.
std::string joined_label(const std::vector<ScatterMark>& all, const std::vector<std::size_t>& marks,
                         std::size_t first_tolerance) {
  std::string text;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    std::size_t last = i;
    while (marks[i] >= first_tolerance && last + 1 < marks.size() && marks[last + 1] == marks[last] + 1) ++last;
    const bool is_range = last > i + 1;
    text += (i == 0 ? "" : ", ") + all[marks[i]].label;
    if (!is_range) continue;
    text += "\u2013" + all[marks[last]].label;
    i = last;
  }
  return text;
}

void write_plot(Markup& page, const FrontierReport& report, std::size_t constraint, SplitOf of,
                const std::string& rows) {
  ScatterPlot plot;
  std::vector<const FrontierRule*> rules = {&report.unconstrained};
  for (const FrontierRule& rule : report.rules) rules.push_back(&rule);
  std::string title, figure;
  for (const FrontierRule* rule : rules) {
    const std::optional<SplitResult>& split = rule->*of;
    if (!is_drawable(split, constraint)) continue;
    const ConstraintResult& result = split->constraints[constraint];
    plot.marks.push_back(mark_of(*rule, *split, result));
    plot.description += (plot.description.empty() ? "" : ". ") + plot.marks.back().hover;
    title = constraints::title_without_tolerance(result.title);
    if (result.unit == "number") plot.x_unit = 1;
    plot.x_title = x_title_of(result);
    figure = is_parity(result) ? "gap" : "figure";
  }
  plot.title = fmt::format("Accuracy against the {} on the {}: {}", figure, rows, title);
  plot.y_title = "Accuracy, %";
  const std::size_t first_tolerance = is_drawable(report.unconstrained.*of, constraint) ? 1 : 0;
  plot.joined_label = [&](const std::vector<std::size_t>& marks) {
    return joined_label(plot.marks, marks, first_tolerance);
  };
  if (plot.marks.empty()) {
    page.element("p", {}, fmt::format("On the {} there is nothing to draw.", rows));
    return;
  }
  draw_scatter_plot(page, plot);
}

void write_key(Markup& page) {
  const auto key = page.in("ul", {{"class", "legend"}});
  write_verdict_keys(page);
  write_line_key(page, "bar-line", "M4 7H24M14 0V14", "intervals of gap and accuracy");
  page.element("li", {},
               "The number at a shape is its tolerance; \u201Cnone\u201D has no constraint. Shapes that lie on one "
               "another have one label, with all their tolerances.");
}

}  // namespace

void write_frontier_plots(Markup& page, const FrontierReport& report) {
  const auto section = page.in("section", {{"id", "frontier"}, {"aria-labelledby", "frontier-title"}});
  page.element("h2", {{"id", "frontier-title"}}, "Frontier");
  const char* decides = report.is_randomised ? "a rule by the same model, or several of which one is drawn for each row"
                                             : "a rule that decides each row for certain, by the same model";
  page.element(
      "p", {{"class", "intro"}},
      fmt::format("Further to the left is fairer by the constraint, further up is more accurate. Every shape is "
                  "{}; where there is no room for its "
                  "tolerance, a pointer on the shape tells it. Intervals are at {:g}\u202F% confidence. All "
                  "rules are measured on the same rows, so that their differences are surer than intervals "
                  "that overlap suggest.",
                  decides, 100 * report.confidence));
  const std::size_t constraints = report.unconstrained.held_out ? report.unconstrained.held_out->constraints.size() : 0;
  for (std::size_t c = 0; c < constraints; ++c) {
    write_plot(page, report, c, &FrontierRule::held_out, fmt::format("{}s", held_out_row(report)));
    if (report.test_rows > 0) write_plot(page, report, c, &FrontierRule::test, "test rows");
  }
  write_key(page);
}

}  // namespace equipoise::report
