#include <fmt/format.h>

#include <algorithm>

#include "engine/core/nearest_name.h"
#include "engine/report/compare_sections.h"
#include "engine/report/figures.h"
#include "engine/report/terminal_table.h"

namespace equipoise::report {
namespace {

constexpr std::size_t kTitleWidth = 44, kListWidth = 1000;

void add_lines(std::vector<TerminalLine>& lines, const CompareReport& report, const ComparedArm& arm,
               const std::vector<std::size_t>& places, bool color) {
  for (const std::size_t f : places) {
    const evaluation::ComparedFigure& figure = report.figures[f];
    const ComparedDifference& difference = *arm.differences[f];
    const FindingLook look = look_of(said_of(difference), report);
    const std::string pairs = pairs_text(report, difference);
    const double is = difference.from + difference.paired.difference;
    lines.push_back(
        {plain(title_of(figure), kTitleWidth), without_typography(compared_text(is, figure)),
         without_typography(difference_text(difference.paired.difference, figure)),
         without_typography(difference_range(difference.paired.interval, figure)) + (pairs.empty() ? "" : ", " + pairs),
         painted(without_typography(look.word), look.verdict, color)});
  }
}

std::string arm_text(const CompareReport& report, const ComparedArm& arm, bool color) {
  std::string text =
      fmt::format("\n{}, beside {}\n", plain(arm.name, kTitleWidth), plain(report.arms.front().name, kTitleWidth));
  std::vector<TerminalLine> lines = {{"figure", "is", "difference", "interval", ""}};
  const ArmFindings found = findings_of(arm);
  add_lines(lines, report, arm, found.better, color);
  add_lines(lines, report, arm, found.worse, color);
  add_lines(lines, report, arm, found.unsure, color);
  add_lines(lines, report, arm, found.unseen, color);
  for (const std::size_t f : found.unmeasured)
    lines.push_back({plain(title_of(report.figures[f]), kTitleWidth), "-", "-", "-", "not measured in both"});
  return text + table_of(lines);
}

}  // namespace

std::string to_terminal(const CompareReport& report, bool color) {
  std::string text = plain(report.name, kTitleWidth);
  if (report.outcome != "finished") text += fmt::format(" ({})", plain(report.outcome, kTitleWidth));
  text += fmt::format("\n  {} arms, {} of {} seeds, {} test rows at each\n", report.arms.size(), report.done,
                      report.seeds.size(), report.test_rows);
  for (std::size_t arm = 1; arm < report.arms.size(); ++arm) text += arm_text(report, report.arms[arm], color);
  text += "\n" + without_typography(compare_sentence(report)) + "\n";
  text += fmt::format("The words count for all {} differences at once, at {:g} %; each interval is for itself.\n",
                      report.comparisons, 100 * report.confidence);
  if (has_unsure(report))
    text += fmt::format("{}: had this been the only difference that was looked at, it would count.\n",
                        at_the_start(without_typography(unsure_words(report))));
  if (const std::vector<std::string> stopped = stopped_runs(report); !stopped.empty())
    text += fmt::format("No figure counts {}.\n", plain(core::listed(stopped, 12), kListWidth));
  if (const std::string sentence = members_sentence(report); !sentence.empty())
    text += plain(sentence, kListWidth) + "\n";
  if (const std::string sentence = seeds_sentence(report); !sentence.empty()) text += sentence + "\n";
  return text;
}

}  // namespace equipoise::report
