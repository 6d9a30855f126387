// What came of a sweep, in a few lines.
#include <fmt/format.h>

#include <algorithm>

#include "engine/report/compare_sections.h"
#include "engine/report/figures.h"
#include "engine/report/quality.h"
#include "engine/report/sweep_report.h"
#include "engine/report/terminal_table.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using sweep::Choice;
using sweep::SplitFigures;
using sweep::SweepResults;

std::string choice_line(const SweepResults& results, const Choice& choice, data::Split split, bool color) {
  constexpr std::size_t kTitle = 100;
  std::string line = fmt::format("  {}: ", plain(tolerance_words(results, choice), kTitle));
  if (choice.candidates == 0) return line + "no run has an upper bound\n";
  if (!choice.run)
    return line + fmt::format("no run of {} is shown to keep it on the {} rows{}\n", count_text(choice.candidates),
                              split_word(split), unmeasured_words(choice));
  const std::string title = title_of(results, *choice.run);
  line += fmt::format("{} of {} shown to keep it; best {}", count_text(choice.feasible), count_text(choice.candidates),
                      plain(title, kTitle));
  if (title.size() > kTitle) line += fmt::format(" (run {})", results.plan.runs[*choice.run].id);
  const SplitFigures* test = results.runs[*choice.run].on(data::Split::test);
  if (test == nullptr || !test->quality) return line + ", not measured on test rows\n";
  line += fmt::format("; test {} {}", results.quality.short_name,
                      quality_words(quality_of(results, test->quality, test->quality_interval)));
  if (const auto verdict = verdict_of(choice, *test)) line += ", " + painted(look_of(*verdict).word, *verdict, color);
  return line + "\n";
}

constexpr std::size_t kName = 100, kMostLines = 12;

std::string runs_text(std::size_t count) {
  return counted(static_cast<std::int64_t>(count), "run");
}

// A line for each of the first few, and how many more there are.
template <typename Items, typename Line>
std::string lines_of(const Items& items, const Line& line, const char* what) {
  std::string text;
  for (std::size_t i = 0; i < items.size() && i < kMostLines; ++i) text += line(items[i]);
  if (items.size() > kMostLines)
    text += fmt::format("    ... and {} more {}, in the report\n", items.size() - kMostLines, what);
  return text;
}

std::string findings_text(const SweepReport& report, bool color) {
  const auto split = report.findings.choosing;
  if (!split) return "";
  std::string text;
  // That of all constraints at once comes last, where it would be cut off.
  std::vector<Choice> choices = report.findings.choices;
  if (choices.size() > kMostLines && !choices.back().constraint) std::ranges::rotate(choices, choices.end() - 1);
  if (!choices.empty())
    text += fmt::format("\n  best by the {} rows, with what the test rows say\n", split_word(*split));
  text += lines_of(
      choices, [&](const Choice& choice) { return "  " + choice_line(report.results, choice, *split, color); },
      "tolerances");
  if (!report.findings.never_feasible.empty())
    text +=
        fmt::format("\n  not shown to keep tolerances: of their runs none is shown to keep its own on the {} rows\n",
                    split_word(*split));
  return text + lines_of(
                    report.findings.never_feasible,
                    [](const sweep::NeverFeasible& never) {
                      return fmt::format("    {}={} ({})\n", plain(never.field, kName), plain(never.value, kName),
                                         runs_text(never.runs));
                    },
                    "such values");
}

// What --compare asked for: a line for each figure, the differences that were seen first.
std::string pair_text(const SweepReport& report, bool color) {
  if (!report.is_pair_asked_for || !report.pair) return "";
  const sweep::SettingPair& pair = *report.pair;
  std::string text = fmt::format("\n  {} beside {}: {} of runs\n", plain(pair.second, kName), plain(pair.first, kName),
                                 counted(static_cast<std::int64_t>(pair.pairs.size()), "pair"));
  if (!report.comparison || report.comparison->arms.size() < 2)
    return text + "    " + plain(report.comparison_note, 4 * kName) + "\n";
  const CompareReport& comparison = *report.comparison;
  const ComparedArm& arm = comparison.arms.back();
  const ArmFindings found = findings_of(arm);
  if (const std::string words = seeds_sentence(comparison); !words.empty())
    text += "    " + plain(words, 4 * kName) + "\n";
  std::vector<std::size_t> places = found.better;
  places.insert(places.end(), found.worse.begin(), found.worse.end());
  places.insert(places.end(), found.unsure.begin(), found.unsure.end());
  places.insert(places.end(), found.unseen.begin(), found.unseen.end());
  if (places.empty()) return text + "    " + plain(report.comparison_note, 4 * kName) + "\n";
  return text + lines_of(
                    places,
                    [&](std::size_t f) {
                      const evaluation::ComparedFigure& figure = comparison.figures[f];
                      const ComparedDifference& difference = *arm.differences[f];
                      const FindingLook look = look_of(said_of(difference), comparison);
                      return fmt::format("    {}: {}, {} ({}), {}\n", plain(title_of(figure), kName),
                                         compared_text(arm.means[f], figure),
                                         difference_text(difference.paired.difference, figure),
                                         difference_range(difference.paired.interval, figure),
                                         painted(look.word, look.verdict, color));
                    },
                    "figures");
}

}  // namespace

std::string to_terminal(const SweepReport& report, bool color) {
  const SweepResults& results = report.results;
  std::string text = plain(results.plan.name.empty() ? "sweep" : results.plan.name, kName) + "\n";
  text += fmt::format("  {}: {}\n", runs_text(results.runs.size()), run_counts_text(results));
  constexpr std::size_t kMostOfWarning = 2000;
  for (const std::string& warning : {changed_data_text(report), other_rows_text(report)})
    if (!warning.empty()) text += fmt::format("\n  warning: {}\n", plain(warning, kMostOfWarning));
  text += findings_text(report, color);
  text += lines_of(
      failures_of(results),
      [](const sweep::FailureGroup& group) {
        return fmt::format("  failed ({}): {}\n", runs_text(group.runs.size()), plain(group.reason, 2 * kName));
      },
      "reasons of failures");
  return without_typography(text + pair_text(report, color));
}

}  // namespace equipoise::report
