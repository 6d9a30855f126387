#include <fmt/format.h>

#include "engine/report/bank_sections.h"
#include "engine/report/compare_sections.h"
#include "engine/report/figures.h"
#include "engine/report/sections.h"
#include "engine/report/sweep_report.h"

namespace equipoise::report {

const char* const kSweepStyleSheet = R"css(
.choices td, .choices th, .sweep-runs td, .sweep-runs th, .failed td, .failed th { text-align: left; vertical-align: top; }
.choices .figure, .sweep-runs .figure, .failed .figure { text-align: right; }
.choices .settings, .sweep-runs .settings { white-space: normal; min-width: 160px; }
.failed .reason { white-space: normal; overflow-wrap: anywhere; min-width: 240px; }
.choices .none { white-space: normal; color: var(--violated-ink); }
.scatter-mark .off-front { opacity: 0.55; }
.scatter-mark:hover .off-front { opacity: 1; }
.charts + .legend { padding-left: 0; padding-top: 16px; }
.effect { font-size: 14px; line-height: 20px; }
.parallel { min-width: 640px; padding: 64px 96px 16px 56px; }
.parallel .axis-line { stroke: var(--quiet); stroke-width: 1; }
.parallel .strand .line { fill: none; stroke-width: 1.25; opacity: 0.5; vector-effect: non-scaling-stroke; }
.parallel .strand .reach { fill: none; stroke: transparent; stroke-width: 9; pointer-events: stroke;
  vector-effect: non-scaling-stroke; }
.parallel .line.met { stroke: var(--met-mark); }
.parallel .line.not-shown { stroke: var(--not-shown-mark); }
.parallel .line.violated { stroke: var(--violated-mark); }
.parallel .line.no-promise, .parallel .line.not-estimable { stroke: var(--not-estimable-mark); }
.parallel .strands:hover .line { opacity: 0.08; }
.parallel .strand:hover .line, .parallel .strands:hover .strand:hover .line { opacity: 1; stroke-width: 3; }
.parallel text { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
.parallel .axis-name { font-weight: 600; fill: var(--ink); }
.legend .line { fill: none; stroke-width: 2; }
.legend .line.met { stroke: var(--met-mark); } .legend .line.not-shown { stroke: var(--not-shown-mark); }
.legend .line.violated { stroke: var(--violated-mark); }
.legend .line.not-estimable { stroke: var(--not-estimable-mark); }
)css";

void write_sweep_guide(Markup& page, const SweepReport& report) {
  const auto section = page.in("section", {{"id", "guide"}, {"aria-labelledby", "guide-title"}});
  page.element("h2", {{"id", "guide-title"}}, "How to read this");
  write_verdict_guide(page);
  const auto say = [&](const std::string& text) { page.element("p", {{"class", "intro after-guide"}}, text); };
  say("A run that is picked because it looks best among many looks better than it is, on the rows it was picked by. "
      "Here runs are therefore picked by rows other than the test rows, and the test rows judge what was picked. "
      "Picking "
      "again by what this page says of the test rows would undo that: then only people whom no run has met can judge.");
  say("All runs of one seed are measured on the same rows: their differences are surer than intervals that overlap "
      "suggest. Every figure of every run is in results.csv and results.parquet beside this page.");
  page.element("h3", {}, "Reproduce");
  write_command(page, report.command);
}

std::string to_html(const SweepReport& report) {
  Markup page;
  page.verbatim("<!DOCTYPE html>\n");
  {
    const auto html = page.in("html", {{"lang", "en"}});
    const std::string& name = report.results.plan.name;
    const std::string style = std::string(kBankStyleSheet) + kCompareStyleSheet + kSweepStyleSheet;
    write_head(page, fmt::format("{} \u00B7 Equipoise sweep", name.empty() ? "Unnamed" : name), style);
    const auto body = page.in("body");
    std::vector<std::pair<const char*, const char*>> links = {
        {"#result", "Result"},     {"#frontier", "Frontier"},
        {"#choices", "Best runs"}, {"#negatives", "What did not work"},
        {"#effects", "Axes"},      {"#parallel", "All runs at once"},
        {"#pair", "Two settings"}};
    links.insert(links.end(), {{"#runs", "Runs"}, {"#guide", "How to read this"}});
    write_contents(page, links);
    const auto main = page.in("main");
    write_sweep_headline(page, report);
    write_sweep_frontier(page, report);
    write_sweep_choices(page, report);
    write_sweep_negatives(page, report);
    write_sweep_effects(page, report);
    write_sweep_parallel(page, report);
    write_sweep_pair(page, report);
    write_sweep_runs(page, report);
    write_sweep_guide(page, report);
  }
  return page.take();
}

}  // namespace equipoise::report
