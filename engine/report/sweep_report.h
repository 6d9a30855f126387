#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/report/compare_report.h"
#include "engine/report/markup.h"
#include "engine/sweep/comparison.h"
#include "engine/sweep/frontier.h"
#include "engine/sweep/results.h"

namespace equipoise::report {

/// All that a sweep's report says.
struct SweepReport {
  explicit SweepReport(sweep::SweepResults of) : results(std::move(of)), findings(sweep::findings_of(results)) {}

  sweep::SweepResults results;
  sweep::SweepFindings findings;  ///< of the results
  std::string written;            ///< ISO 8601, UTC
  std::string command;            ///< that writes the report again
  std::optional<sweep::SettingPair> pair;
  bool is_pair_asked_for = false;           ///< with --compare
  std::optional<CompareReport> comparison;  ///< of the pair
  std::string comparison_note;              ///< what its figures rest on, or why there is no comparison
};

/// What came of the sweep in one sentence, good or bad.
std::string sweep_sentence(const SweepReport& report);

/// The same in a few lines: counts, the choices with their test verdicts, what was never feasible, what failed.
std::string to_terminal(const SweepReport& report, bool color);

/// The answer of --json: counts and choices. Each run is in results.csv.
nlohmann::ordered_json to_json(const SweepReport& report);

/// One self-contained page. Of thousands of runs it draws and lists some, and says how many.
std::string to_html(const SweepReport& report);

/// The parts of the page in the order they stand.
void write_sweep_headline(Markup& page, const SweepReport& report);
void write_sweep_frontier(Markup& page, const SweepReport& report);
void write_sweep_choices(Markup& page, const SweepReport& report);    ///< the best run under each tolerance
void write_sweep_negatives(Markup& page, const SweepReport& report);  ///< what was never feasible, what failed
void write_sweep_effects(Markup& page, const SweepReport& report);
void write_sweep_parallel(Markup& page, const SweepReport& report);
void write_sweep_pair(Markup& page, const SweepReport& report);
void write_sweep_runs(Markup& page, const SweepReport& report);
void write_sweep_guide(Markup& page, const SweepReport& report);

/// What is laid out on this page alone.
extern const char* const kSweepStyleSheet;

/// "equalized odds by sex, at most 2.0 points": with as many digits as tell it from the constraint's other tolerances
std::string tolerance_words(const sweep::SweepResults& results, const sweep::Choice& choice);
/// Of a choice that no run is shown to keep: ": 3 would be, but some group has too few rows there to be measured"; "" where none would.
std::string unmeasured_words(const sweep::Choice& choice);
/// Which runs learned from other data than the most, and what that means; "" where all learned from the same.
std::string changed_data_text(const SweepReport& report);
/// That what varies decides who is tested, where it does; else "".
std::string other_rows_text(const SweepReport& report);
/// "60 finished, 3 failed and 1 is not begun"
std::string run_counts_text(const sweep::SweepResults& results);
/// "selection", "holdout", "train", "test"
const char* split_word(data::Split split);

}  // namespace equipoise::report
