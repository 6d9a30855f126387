// What came of a sweep, in a sentence, and the words that all who tell of it share.
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/nearest_name.h"
#include "engine/report/figures.h"
#include "engine/report/quality.h"
#include "engine/report/sweep_report.h"
#include "engine/report/verdicts.h"
#include "engine/sweep/data_changes.h"

namespace equipoise::report {
namespace {

using sweep::Choice;
using sweep::RunStatus;
using sweep::SplitFigures;
using sweep::SweepResults;

// The choice that says the most: of all constraints at once, or under the tightest tolerance that any run keeps.
const Choice* main_choice(const std::vector<Choice>& all) {
  if (all.empty()) return nullptr;
  if (!all.back().constraint) return &all.back();
  const auto kept = std::ranges::find_if(all, [](const Choice& choice) { return choice.run.has_value(); });
  return kept == all.end() ? &all.front() : &*kept;
}

// Two more decimals of a share are those of its percents.
std::string tolerance_text(double tolerance, const std::string& unit, int decimals) {
  if (unit.empty() || unit == "number") return amount_text(tolerance, std::max(amount_decimals(tolerance), decimals));
  constexpr int kOfPercents = 2;
  if (decimals - kOfPercents < 2) return figure_text(tolerance, unit);
  const std::string number = fmt::format("{:.{}f}", shown_figure(tolerance, unit), decimals - kOfPercents);
  return unit == "points" ? number + "\u00A0points" : number + "\u202F%";
}

}  // namespace

const char* split_word(data::Split split) {
  return data::kSplitNames[static_cast<int>(split)];
}

std::string run_counts_text(const SweepResults& results) {
  std::vector<std::string> parts;
  for (const RunStatus status : {RunStatus::finished, RunStatus::stopped, RunStatus::interrupted, RunStatus::running,
                                 RunStatus::gone, RunStatus::failed, RunStatus::missing}) {
    const std::int64_t count = results.count(status);
    if (count == 0) continue;
    const char* word = status == RunStatus::stopped       ? "stopped early"
                       : status == RunStatus::interrupted ? (count == 1 ? "was interrupted" : "were interrupted")
                       : status == RunStatus::running     ? (count == 1 ? "is running" : "are running")
                       : status == RunStatus::gone        ? (count == 1 ? "is gone" : "are gone")
                       : status == RunStatus::missing     ? (count == 1 ? "is not begun" : "are not begun")
                                                          : name_of(status);
    parts.push_back(fmt::format("{} {}", count_text(count), word));
  }
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

std::string tolerance_words(const SweepResults& results, const Choice& choice) {
  if (!choice.constraint) return "all constraints, each run's own tolerances";
  const sweep::SweepConstraint& constraint = results.constraints[*choice.constraint];
  return fmt::format("{}, {} {}", constraint.name, constraint.unit == "floor" ? "at least" : "at most",
                     tolerance_text(*choice.tolerance, constraint.unit, choice.decimals));
}

std::string changed_data_text(const SweepReport& report) {
  const std::vector<std::size_t>& changed = report.findings.changed_data;
  if (changed.empty()) return "";
  constexpr std::size_t kMostTitles = 8;
  std::vector<std::string> titles;
  for (const std::size_t run : changed) titles.push_back(title_of(report.results, run));
  std::string names;
  for (std::size_t i = 0; i < titles.size() && i < kMostTitles; ++i) names += (i == 0 ? "" : "; ") + titles[i];
  if (titles.size() > kMostTitles) names += fmt::format("; and {} more", titles.size() - kMostTitles);
  return fmt::format(
      "The data files changed while this sweep went on: {} learned from other data than the most ({}). Figures of runs "
      "on other data cannot be compared; such runs are not paired. results.csv has the SHA-256 of each run's data. "
      "Do the sweep anew in a new folder.",
      counted(static_cast<std::int64_t>(changed.size()), "run"), names);
}

std::string other_rows_text(const SweepReport& report) {
  const std::vector<std::string> fields = sweep::fields_of_test_rows(report.results);
  if (fields.empty()) return "";
  return fmt::format(
      "Runs of this sweep are tested on different rows, or by other labels or groups: {} {}. Their figures are not "
      "of the same people, so the frontier and the best run under a tolerance may be those of the easier rows; such "
      "runs are not paired.",
      core::listed(fields), fields.size() == 1 ? "varies" : "vary");
}

std::string unmeasured_words(const Choice& choice) {
  if (choice.unmeasured == 0) return "";
  return fmt::format(": {} would be, but some group has too few rows there to be measured",
                     count_text(choice.unmeasured));
}

std::string sweep_sentence(const SweepReport& report) {
  const SweepResults& results = report.results;
  const std::string counts = fmt::format("Of {}, {}.", counted(static_cast<std::int64_t>(results.runs.size()), "run"),
                                         run_counts_text(results));
  const auto split = report.findings.choosing;
  if (!split) return counts + " No finished run was measured on rows by which one could be chosen.";
  const std::vector<Choice>& all = report.findings.choices;
  const Choice* choice = main_choice(all);
  if (choice == nullptr) return counts + " The runs have no constraint.";
  const std::string what = tolerance_words(results, *choice);
  const char* rows = split_word(*split);
  if (!choice->run)
    return fmt::format("{} No run is shown to keep any tolerance on the {} rows, not even {}{}.", counts, rows,
                       all.back().constraint ? tolerance_words(results, all.back()) : what,
                       unmeasured_words(all.back().constraint ? all.back() : *choice));
  std::string sentence = fmt::format("{} {} of {} are shown to keep {} on the {} rows; the best of them is {}", counts,
                                     count_text(choice->feasible), count_text(choice->candidates), what, rows,
                                     title_of(results, *choice->run));
  const SplitFigures* test = results.runs[*choice->run].on(data::Split::test);
  if (test == nullptr || !test->quality) return sentence + ", which was not measured on test rows.";
  sentence += fmt::format(", with a test {} of {}", results.quality.name,
                          quality_words(quality_of(results, test->quality, test->quality_interval)));
  const auto verdict = verdict_of(*choice, *test);
  return sentence + (verdict ? fmt::format("; on the test rows: {}.", look_of(*verdict).word) : ".");
}

}  // namespace equipoise::report
