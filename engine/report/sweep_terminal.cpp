// What came of a sweep, in a few lines.
#include <fmt/format.h>

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
    return line +
           fmt::format("no run of {} keeps it on the {} rows\n", count_text(choice.candidates), split_word(split));
  line += fmt::format("{} of {} keep it; best {}", count_text(choice.feasible), count_text(choice.candidates),
                      plain(title_of(results, *choice.run), kTitle));
  const SplitFigures* test = results.runs[*choice.run].on(data::Split::test);
  if (test == nullptr || !test->quality) return line + ", not measured on test rows\n";
  line += fmt::format("; test {} {}", results.quality.short_name,
                      quality_words(quality_of(results, test->quality, test->quality_interval)));
  if (const auto verdict = verdict_of(choice, *test)) line += ", " + painted(look_of(*verdict).word, *verdict, color);
  return line + "\n";
}

}  // namespace

std::string to_terminal(const SweepReport& report, bool color) {
  constexpr std::size_t kName = 100, kMostLines = 12;
  const SweepResults& results = report.results;
  std::string text = plain(results.plan.name.empty() ? "sweep" : results.plan.name, kName) + "\n";
  text += fmt::format("  {}: {}\n", counted(static_cast<std::int64_t>(results.runs.size()), "run"),
                      run_counts_text(results));
  if (const auto split = report.findings.choosing) {
    const std::vector<Choice>& all = report.findings.choices;
    if (!all.empty()) text += fmt::format("\n  best by the {} rows, with what the test rows say\n", split_word(*split));
    for (std::size_t i = 0; i < all.size() && i < kMostLines; ++i)
      text += "  " + choice_line(results, all[i], *split, color);
    if (all.size() > kMostLines) text += fmt::format("    {} more in the report\n", all.size() - kMostLines);
    for (const sweep::NeverFeasible& never : report.findings.never_feasible)
      text += fmt::format("  never kept its tolerances: {}={} ({})\n", plain(never.field, kName),
                          plain(never.value, kName), counted(static_cast<std::int64_t>(never.runs), "run"));
  }
  const std::vector<sweep::FailureGroup> failures = failures_of(results);
  for (std::size_t i = 0; i < failures.size() && i < kMostLines; ++i)
    text += fmt::format("  failed ({}): {}\n", counted(static_cast<std::int64_t>(failures[i].runs.size()), "run"),
                        plain(failures[i].reason, 2 * kName));
  return without_typography(text);
}

}  // namespace equipoise::report
