#include <fmt/format.h>

#include "engine/report/bank_sections.h"
#include "engine/report/figures.h"
#include "engine/report/frontier_report.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::ConstraintResult;
using evaluation::SplitResult;

const char* const kFrontierStyleSheet = R"css(
.scatter + .scatter { margin-top: 40px; }
.members.rules th:first-child { min-width: 128px; width: auto; }
)css";

void write_headline(Markup& page, const FrontierReport& report) {
  const auto section = page.in("section", {{"id", "result"}});
  {
    const auto header = page.in("header", {{"class", "masthead"}});
    page.element("p", {{"class", "overline"}}, "Equipoise frontier: one training, every tolerance");
    page.element("h1", {}, report.name.empty() ? "Unnamed frontier" : report.name);
    page.element("p", {{"class", "lead"}}, frontier_sentence(report));
    const auto facts = page.in("p", {{"class", "facts"}});
    if (!report.finished.empty()) page.element("span", {}, "Finished " + moment_text(report.finished));
    page.element("span", {}, counted(static_cast<std::int64_t>(report.rules.size()), "rule"));
    page.element("span", {},
                 fmt::format("trained in {}, solved and measured in {} on {}", duration_text(report.training_seconds),
                             duration_text(report.solving_seconds), report.device));
  }
  write_warnings(page, report.warnings);
}

void write_figure(Markup& page, const std::string& value, const std::string& interval) {
  const auto cell = page.in("td", {{"class", "figure"}});
  page.text(value);
  if (!interval.empty()) page.element("p", {{"class", "note"}}, interval);
}

void write_accuracy(Markup& page, const std::optional<SplitResult>& split) {
  if (!split) return write_figure(page, "\u2013", "");
  const auto& interval = split->metrics.accuracy_interval;
  write_figure(page, percent_text(split->metrics.accuracy), interval ? percent_range(interval) : "");
}

void write_gaps(Markup& page, const std::optional<SplitResult>& split, std::size_t constraints) {
  for (std::size_t c = 0; c < constraints; ++c) {
    if (!split || c >= split->constraints.size()) {
      write_figure(page, "\u2013", "");
      continue;
    }
    const ConstraintFigure figure = figure_of(split->constraints[c]);
    write_figure(page, figure_text(figure.value, figure.unit),
                 figure.interval ? figure_range(figure.interval, figure.unit) : "");
  }
}

void write_rule(Markup& page, const FrontierReport& report, const FrontierRule& rule, std::size_t constraints) {
  const auto body = page.in("tbody", {{"id", "rule-" + tolerance_word(rule)}});
  const auto row = page.in("tr");
  {
    const auto head = page.in("th", {{"scope", "row"}});
    page.text(tolerance_word(rule));
    if (rule.tolerance == report.kept) page.element("p", {{"class", "note"}}, "this folder's run");
    if (can_be_shown(report, rule) == false)
      page.element("p", {{"class", "note"}}, "below what the test rows could show");
    if (rule.leaning) page.element("p", {{"class", "note"}}, leaning_words(rule));
    if (is_unsure(report.rule_confidence, rule))
      page.element("p", {{"class", "note"}},
                   fmt::format("{}: {:.3f} over", report.rule_confidence > 0 ? "not that sure" : "expected outside",
                               rule.excess));
    if (!rule.probabilities.empty()) page.element("p", {{"class", "note"}}, drawn_words(rule));
  }
  write_accuracy(page, rule.held_out);
  write_gaps(page, rule.held_out, constraints);
  write_accuracy(page, rule.test);
  write_gaps(page, rule.test, constraints);
  const auto cell = page.in("td");
  if (!rule.tolerance || !rule.test) return;
  for (const ConstraintResult& result : rule.test->constraints) draw_badge(page, result.verdict);
}

std::string cells_in_words(const FrontierReport& report) {
  std::string words;
  for (const std::string& cell : report.cells) words += (words.empty() ? "" : "; ") + cell;
  return words;
}

void write_guide(Markup& page, const FrontierReport& report) {
  const auto section = page.in("section", {{"id", "guide"}, {"aria-labelledby", "guide-title"}});
  page.element("h2", {{"id", "guide-title"}}, "How to read this");
  write_verdict_guide(page);
  const auto say = [&](const std::string& text) { page.element("p", {{"class", "intro after-guide"}}, text); };
  say(
      fmt::format("The model, {}, was trained once, to tell how probable each of {} is for a row: {}. A rule weighs "
                  "these probabilities{}. Its weights are those of the "
                  "most accurate rule under a tolerance, from a linear program over the {}.",
                  report.model, counted(static_cast<std::int64_t>(report.cells.size()), "cell"),
                  report.cells.size() > 8 ? "every group with every label" : cells_in_words(report),
                  report.uses_groups ? ", given the row's group, which it must know of everyone it decides"
                                     : ", and so decides without the group being an input",
                  counted(report.held_out_rows, held_out_row(report))));
  if (report.rule_confidence > 0) say(confidence_sentence(report));
  if (report.is_randomised) say(draws_sentence(report));
  if (report.showable) say(showable_sentence(report));
  if (report.is_out_of_fold)
    say("There was no selection split. The model has several members, each of which left out some of the training rows "
        "and is asked about those. What is measured of them is of one member at a time, and the model decides by the "
        "mean of all: it is mostly a little more accurate, and its gaps may be wider or narrower, the more so the "
        "fewer rows there were to learn from. The labels of these rows chose when learning ended.");
  else
    say("What is measured on the selection rows is therefore a little better than on people who had no say.");
  say(
      fmt::format("The test rows had no say; picking a rule because it looks best on them would give them one, and "
                  "then only people "
                  "whom no run has met can judge. Pick by the tolerance that is meant, or by the {}s.",
                  held_out_row(report)));
  page.element("h3", {}, "Reproduce");
  write_command(page, report.command);
}

}  // namespace

void write_frontier_table(Markup& page, const FrontierReport& report) {
  const auto section = page.in("section", {{"id", "rules"}, {"aria-labelledby", "rules-title"}});
  page.element("h2", {{"id", "rules-title"}}, "Rules");
  const std::size_t constraints = report.unconstrained.held_out ? report.unconstrained.held_out->constraints.size() : 0;
  const auto wrap =
      page.in("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Rules"}});
  const auto table = page.in("table", {{"class", "members rules"}});
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    const auto column = [&](const std::string& name) {
      page.element("th", {{"scope", "col"}, {"class", "figure"}}, name);
    };
    page.element("th", {{"scope", "col"}}, "Tolerance");
    for (const char* rows : {held_out_row(report), "test row"}) {
      column(fmt::format("Accuracy, {}s", rows));
      for (std::size_t c = 0; c < constraints; ++c)
        column(fmt::format("{}{}, {}s", is_parity(report.unconstrained.held_out->constraints[c]) ? "Gap" : "Figure",
                           constraints > 1 ? fmt::format(" {}", c + 1) : "", rows));
    }
    page.element("th", {{"scope", "col"}}, "Test verdict");
  }
  for (const FrontierRule& rule : report.rules) write_rule(page, report, rule, constraints);
  write_rule(page, report, report.unconstrained, constraints);
}

std::string to_html(const FrontierReport& report) {
  Markup page;
  page.verbatim("<!DOCTYPE html>\n");
  {
    const auto html = page.in("html", {{"lang", "en"}});
    write_head(page, fmt::format("{} \u00B7 Equipoise frontier", report.name.empty() ? "Unnamed" : report.name),
               std::string(kBankStyleSheet) + kFrontierStyleSheet);
    const auto body = page.in("body");
    write_contents(
        page, {{"#result", "Result"}, {"#frontier", "Frontier"}, {"#rules", "Rules"}, {"#guide", "How to read this"}});
    const auto main = page.in("main");
    write_headline(page, report);
    write_frontier_plots(page, report);
    write_frontier_table(page, report);
    write_guide(page, report);
  }
  return page.take();
}

}  // namespace equipoise::report
