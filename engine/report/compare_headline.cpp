#include <fmt/format.h>

#include <algorithm>

#include "engine/core/nearest_name.h"
#include "engine/report/compare_sections.h"
#include "engine/report/figures.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

std::string seeds_text(const CompareReport& report) {
  std::vector<std::string> seeds;
  for (const std::int64_t seed : report.seeds) seeds.push_back(std::to_string(seed));
  return fmt::format("{} {}", seeds.size() == 1 ? "seed" : "seeds", core::listed(seeds, 12));
}

void write_masthead(Markup& page, const CompareReport& report) {
  const auto header = page.in("header", {{"class", "masthead"}});
  page.element("p", {{"class", "overline"}}, "Equipoise comparison: does it help?");
  page.element("h1", {}, report.name.empty() ? "Unnamed comparison" : report.name);
  page.element("p", {{"class", "lead"}}, compare_sentence(report));
  const auto facts = page.in("p", {{"class", "facts"}});
  page.element("span", {}, counted(static_cast<std::int64_t>(report.arms.size()), "arm"));
  page.element("span", {}, seeds_text(report));
  page.element("span", {},
               fmt::format("{} at each seed{}", counted(report.test_rows, "test row"),
                           report.same_test_rows ? ", the same ones" : ""));
  page.element("span", {}, moment_text(report.finished));
}

void write_notice(Markup& page, const std::string& title, const std::string& text, bool strong) {
  const auto box = page.in("div", {{"class", strong ? "notice strong" : "notice"}, {"role", "note"}});
  page.element("h2", {}, title).element("p", {}, text);
}

void write_notices(Markup& page, const CompareReport& report) {
  if (report.outcome != "finished")
    write_notice(
        page, "This comparison is not whole",
        fmt::format("It is {}: of {} every arm was trained at {}. What is said here is of the runs that there are.",
                    report.outcome, counted(static_cast<std::int64_t>(report.seeds.size()), "seed"), report.done),
        true);
  const std::vector<std::string> stopped = stopped_runs(report);
  if (!stopped.empty())
    write_notice(
        page, "Not every run finished",
        fmt::format(
            "{}: no figure here counts them, and an arm that fails where others do not may look better than it is.",
            core::listed(stopped, 12)),
        true);
  if (const std::string sentence = members_sentence(report); !sentence.empty())
    write_notice(page, "Means of members beside one model", sentence, false);
  if (const std::string sentence = seeds_sentence(report); !sentence.empty())
    write_notice(page, report.done > 1 ? "Few seeds" : "One seed", sentence, false);
}

// One line a figure: its name, from where to where, and the difference with its interval.
void write_items(Markup& page, const CompareReport& report, const ComparedArm& arm,
                 const std::vector<std::size_t>& places) {
  const auto list = page.in("ul");
  for (const std::size_t f : places) {
    const evaluation::ComparedFigure& figure = report.figures[f];
    const ComparedDifference& difference = *arm.differences[f];
    const evaluation::PairedDifference& paired = difference.paired;
    const std::string pairs = pairs_text(report, difference);
    const auto item = page.in("li");
    page.element("span", {}, title_of(figure));
    page.element("span", {{"class", "from note"}},
                 fmt::format("{} \u2192 {}", compared_text(difference.from, figure),
                             compared_text(difference.from + paired.difference, figure)));
    page.element("span", {{"class", "change"}}, difference_text(paired.difference, figure));
    page.element("span", {{"class", "from note"}},
                 difference_range(paired.interval, figure) + (pairs.empty() ? "" : ", " + pairs));
  }
}

void write_arm(Markup& page, const CompareReport& report, const ComparedArm& arm) {
  page.element("h3", {}, fmt::format("{}, beside {}", arm.name, report.arms.front().name));
  page.element("p", {{"class", "note"}}, at_the_start(arm.sentence) + ".");
  const ArmFindings found = findings_of(arm);
  const auto box = page.in("div", {{"class", "arm-findings"}});
  const auto part = [&](Said said, const std::vector<std::size_t>& places) {
    const auto row = page.in("div");
    draw_finding(page, look_of(said, report));
    if (places.empty()) {
      page.element("span", {{"class", "note"}}, "nothing");
    } else {
      write_items(page, report, arm, places);
    }
  };
  part(Said::better, found.better);
  part(Said::worse, found.worse);
  if (!found.unsure.empty()) part(Said::unsure, found.unsure);
  part(Said::unseen, found.unseen);
  if (found.unmeasured.empty()) return;
  std::vector<std::string> titles;
  for (const std::size_t f : found.unmeasured) titles.push_back(title_of(report.figures[f]));
  page.element("p", {{"class", "note"}}, "Not measured in both: " + core::listed(titles) + ".");
}

// A mean with the difference below it, in the finding's colour and with its sign.
void write_cell(Markup& page, const CompareReport& report, const ComparedArm& arm, std::size_t f) {
  const evaluation::ComparedFigure& figure = report.figures[f];
  const auto cell = page.in("td", {{"class", "figure"}});
  page.text(compared_text(arm.means[f], figure));
  if (arm.differences.empty() || !arm.differences[f]) return;
  const ComparedDifference& difference = *arm.differences[f];
  struct Look {
    const char *style, *sign;
  };
  static constexpr Look kLooks[] = {
      {"change better", "\u25CF "}, {"change worse", "\u25B2 "}, {"change unsure", "\u25C6 "}, {"change unseen", ""}};
  const auto& [style, sign] = kLooks[static_cast<std::size_t>(said_of(difference))];
  page.element("p", {{"class", style}}, sign + difference_text(difference.paired.difference, figure));
}

}  // namespace

void write_compare_headline(Markup& page, const CompareReport& report) {
  write_masthead(page, report);
  write_notices(page, report);
}

void write_compare_arms(Markup& page, const CompareReport& report) {
  const auto section = page.in("section", {{"id", "arms"}, {"aria-labelledby", "arms-title"}});
  page.element("h2", {{"id", "arms-title"}}, "Arm by arm");
  if (report.arms.size() < 2) {
    page.element("p", {}, "There is no second arm.");
    return;
  }
  page.element(
      "p", {{"class", "intro"}},
      fmt::format("From the figure of {} to that of the arm, the difference, and its {:g}\u202F% interval. The words "
                  "count for all {} on this page at once; the interval of each is for itself.{}",
                  report.arms.front().name, 100 * report.confidence, counted(report.comparisons, "difference"),
                  has_unsure(report) ? fmt::format(" {}: 0 is outside the interval, and had this been the only "
                                                   "difference that was looked at, it would count.",
                                                   at_the_start(unsure_words(report)))
                                     : ""));
  for (std::size_t arm = 1; arm < report.arms.size(); ++arm) write_arm(page, report, report.arms[arm]);
}

void write_compare_table(Markup& page, const CompareReport& report) {
  const auto section = page.in("section", {{"id", "result"}, {"aria-labelledby", "result-title"}});
  page.element("h2", {{"id", "result-title"}}, "What helped, what harmed");
  page.element("p", {{"class", "intro"}},
               fmt::format("Means over seeds on the test rows; below each the difference to the first arm: \u25CF "
                           "better, \u25B2 worse, {}grey where none could be seen.",
                           has_unsure(report) ? fmt::format("\u25C6 {}, ", unsure_words(report)) : ""));
  const auto wrap = page.in(
      "div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "What helped, what harmed"}});
  const auto table = page.in("table", {{"class", "compared"}});
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    page.element("th", {{"scope", "col"}}, "Figure");
    for (const ComparedArm& arm : report.arms) page.element("th", {{"scope", "col"}}, arm.name);
  }
  const auto body = page.in("tbody");
  for (std::size_t f = 0; f < report.figures.size(); ++f) {
    const auto row = page.in("tr");
    {
      const auto name = page.in("th", {{"scope", "row"}});
      page.text(title_of(report.figures[f]));
      page.element("p", {{"class", "note"}}, report.figures[f].more_is_better ? "more is better" : "less is better");
    }
    for (const ComparedArm& arm : report.arms) write_cell(page, report, arm, f);
  }
}

}  // namespace equipoise::report
