#include <fmt/format.h>

#include <algorithm>

#include "engine/report/compare_sections.h"
#include "engine/report/figures.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {

const char* const kCompareStyleSheet = R"css(
.arm-findings { margin-top: 8px; }
.arm-findings > div { display: grid; grid-template-columns: 192px minmax(0, 1fr); gap: 0 16px; padding: 8px 0;
  border-top: 1px solid var(--rule); }
.arm-findings ul { list-style: none; }
.arm-findings .badge { white-space: normal; }
.arm-findings li { display: grid; grid-template-columns: minmax(0, 1fr) 184px 128px 208px; gap: 0 16px; font-size: 15px; }
.arm-findings .change, .arm-findings .from { text-align: right; }
.arm-findings .change { font-weight: 600; white-space: nowrap; }
.compared td { vertical-align: top; }
.compared thead th { min-width: 112px; vertical-align: bottom; }
.two-words { white-space: nowrap; }
.compared .better { color: var(--met-ink); font-weight: 600; }
.compared .worse { color: var(--violated-ink); font-weight: 600; }
.compared .unsure { color: var(--not-shown-ink); }
.compared .unseen { color: var(--quiet); }
.compared .change { font-size: 13px; white-space: nowrap; }
.differences { list-style: none; }
@media (max-width: 799px) {
  .arm-findings > div { grid-template-columns: minmax(0, 1fr); }
  .arm-findings li { grid-template-columns: minmax(0, 1fr); padding-bottom: 8px; }
  .arm-findings .change, .arm-findings .from { text-align: left; }
}
@media print {
  .arm-findings, .arm-findings > div { break-inside: avoid; }
}
)css";

std::string unsure_words(const CompareReport& report) {
  return fmt::format("not sure after {}", counted(report.comparisons, "comparison"));
}

bool has_unsure(const CompareReport& report) {
  return std::ranges::any_of(report.arms, [](const ComparedArm& arm) { return !findings_of(arm).unsure.empty(); });
}

FindingLook look_of(Said said, const CompareReport& report) {
  if (said == Said::better) return {"better", evaluation::Verdict::met};
  if (said == Said::worse) return {"worse", evaluation::Verdict::violated};
  if (said == Said::unsure) return {unsure_words(report), evaluation::Verdict::not_shown};
  return {"no difference seen", evaluation::Verdict::not_estimable};
}

void draw_finding(Markup& page, const FindingLook& look) {
  draw_badge(page, look.verdict, look.word);
}

void write_compare_guide(Markup& page, const CompareReport& report) {
  const auto section = page.in("section", {{"id", "guide"}, {"aria-labelledby", "guide-title"}});
  page.element("h2", {{"id", "guide-title"}}, "How to read this");
  const auto say = [&](const std::string& text) { page.element("p", {{"class", "intro"}}, text); };
  say(
      fmt::format("A difference is an arm's figure minus that of {} with the same seed, on the same test rows; the "
                  "figures are means "
                  "over seeds. Each interval is at {:g}\u202F% confidence for itself. It holds two kinds of chance: "
                  "another seed would have "
                  "split the rows and trained the networks otherwise, and other people would have been tested.",
                  report.arms.empty() ? "the first arm" : report.arms.front().name, 100 * report.confidence));
  say(fmt::format(
      "\u201CBetter\u201D and \u201Cworse\u201D count for all {} at once (Holm 1979): that any of these "
      "words on this page is wrong "
      "has a probability of at most {:g}\u202F%. \u201C{}\u201D: the interval leaves out 0, and had this "
      "been the only difference that was looked at, it would count; among so many, some do so by chance.",
      counted(report.comparisons, "difference"), 100 * (1 - report.confidence), at_the_start(unsure_words(report))));
  say("No difference seen is not the same as none: the interval says how large one may be. More seeds make it narrower "
      "as far as "
      "training is concerned, more test rows as far as people are.");
  say("Gaps and calibration errors of few rows are too large by chance, the more so the nearer they are to 0. Where an "
      "arm brings one near 0 "
      "and the first arm's is far from it, the difference is somewhat larger than it looks.");
  say("What no interval here holds: that other rows would have been collected to learn from, and that later people are "
      "other people.");
}

void write_compare_reproduction(Markup& page, const CompareReport& report) {
  const auto section = page.in("section", {{"id", "reproduce"}, {"aria-labelledby", "reproduce-title"}});
  page.element("h2", {{"id", "reproduce-title"}}, "Reproduce");
  page.element("p", {{"class", "intro"}},
               "The same command on the same files and the same kind of device gives the same models and figures.");
  write_command(page, report.command);
  const auto list = page.in("ul", {{"class", "plain"}});
  for (const data::Fingerprint& file : report.files)
    page.element("li", {{"class", "note"}},
                 fmt::format("{}: {}, SHA-256 {}", file.path, counted(file.rows, "row"), file.sha256));
  page.element("li", {{"class", "note"}},
               fmt::format("It took {} on {}.", duration_text(report.seconds), report.device));
}

std::string to_html(const CompareReport& report) {
  Markup page;
  page.verbatim("<!DOCTYPE html>\n");
  {
    const auto html = page.in("html", {{"lang", "en"}});
    write_head(page, fmt::format("{} \u00B7 Equipoise comparison", report.name.empty() ? "Unnamed" : report.name),
               kCompareStyleSheet);
    const auto body = page.in("body");
    write_contents(page, {{"#result", "What helped, what harmed"},
                          {"#arms", "Arm by arm"},
                          {"#plots", "Differences"},
                          {"#verdicts", "Constraints"},
                          {"#runs", "Runs"},
                          {"#guide", "How to read this"},
                          {"#reproduce", "Reproduce"}});
    const auto main = page.in("main");
    write_compare_headline(page, report);
    write_compare_table(page, report);
    write_compare_arms(page, report);
    write_compare_plots(page, report);
    write_compare_verdicts(page, report);
    write_warnings(page, report.warnings);
    write_compare_runs(page, report);
    write_compare_guide(page, report);
    write_compare_reproduction(page, report);
  }
  return page.take();
}

}  // namespace equipoise::report
