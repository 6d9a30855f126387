#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/data/dataset.h"
#include "engine/evaluation/compared_figures.h"
#include "engine/evaluation/paired_differences.h"

namespace equipoise::report {

/// One arm trained at one seed.
struct ComparedRun {
  std::int64_t arm = 0;  ///< its place among the arms
  std::int64_t seed = 0;
  std::string folder;        ///< of its run, relative to the comparison's: "members/003"; "" of a failed one
  std::string outcome;       ///< "finished", "interrupted", "diverged", "failed": it could not be trained
  std::string failure;       ///< what stopped it early
  std::int64_t members = 1;  ///< of which its model is the mean
  std::vector<std::optional<double>> figures;  ///< [figures] on the test rows; empty where it did not finish
  std::vector<evaluation::Verdict>
      verdicts;  ///< [constraints] by the config's tolerances; empty where it did not finish
};

/// A difference to the baseline, and what is said of it among all that were looked at.
struct ComparedDifference {
  evaluation::PairedDifference paired;
  double from = 0;       ///< the first arm's mean over the seeds of the difference
  double corrected = 1;  ///< the p-value after Holm's correction
  evaluation::Finding finding = evaluation::Finding::unseen;
};

struct ComparedArm {
  std::string name;
  std::string sentence;                                        ///< what it is
  std::vector<std::string> overrides;                          ///< of the config
  std::vector<std::optional<double>> means;                    ///< [figures] over its seeds
  std::vector<std::optional<ComparedDifference>> differences;  ///< [figures] to the first arm; empty of the first
};

/// A constraint of the config: it is measured in every arm, also in those that are trained without it.
struct ComparedConstraint {
  std::string title;
  std::vector<std::int64_t> met;  ///< [arms] seeds at which the verdict was met
};

/// Arms side by side; compare.json is this struct (schema: docs/compare.schema.json).
struct CompareReport {
  std::string name;
  std::string finished;  ///< ISO 8601, UTC
  std::string command;   ///< the exact command that reproduces it
  std::string outcome;   ///< "finished", "interrupted", or "running" while seeds are left
  double confidence = 0.95;
  std::vector<std::int64_t> seeds;  ///< that were asked for
  std::int64_t done = 0;            ///< of them, at which every arm has been trained
  bool same_test_rows = false;      ///< at every seed: the config says which they are
  std::int64_t test_rows = 0;       ///< of one seed
  std::int64_t comparisons = 0;     ///< differences that were looked at, which findings are corrected for
  std::string device;
  double seconds = 0;
  std::vector<evaluation::ComparedFigure> figures;
  std::vector<ComparedConstraint> constraints;
  std::vector<ComparedArm> arms;
  std::vector<ComparedRun> runs;  ///< by seed, then arm
  std::vector<data::Fingerprint> files;
  std::vector<std::string> warnings;
};

/// What is said of a difference. `unsure`: its own interval leaves out 0, and among so many differences that may be chance.
enum class Said { better, worse, unsure, unseen };
Said said_of(const ComparedDifference& difference);

/// What one arm did against the first: places among the figures, by what is said of each.
struct ArmFindings {
  std::vector<std::size_t> better, worse, unsure, unseen, unmeasured;
};
ArmFindings findings_of(const ComparedArm& arm);

/// How many arms helped and how many harmed, in one sentence.
std::string compare_sentence(const CompareReport& report);
/// Which runs did not finish, as "balance at seed 3 (diverged)"; empty where all did.
std::vector<std::string> stopped_runs(const CompareReport& report);
/// Where models of arms are means of unlike numbers of members what that does to differences; else "".
std::string members_sentence(const CompareReport& report);
/// "5 of 8 seeds" of a difference that rests on fewer than were asked for, else "".
std::string pairs_text(const CompareReport& report, const ComparedDifference& difference);
/// What a comparison of so many seeds cannot know; "" where there is nothing of the kind.
std::string seeds_sentence(const CompareReport& report);

/// "True positive rate of the worst group"
std::string title_of(const evaluation::ComparedFigure& figure);
/// "84.3 %", "0.3127", "2.1 points"
std::string compared_text(std::optional<double> value, const evaluation::ComparedFigure& figure);
/// A difference of two such: "+1.2 points", "-0.0123"
std::string difference_text(double difference, const evaluation::ComparedFigure& figure);
/// "-0.3 to 1.4 points"
std::string difference_range(const evaluation::Interval& interval, const evaluation::ComparedFigure& figure);

nlohmann::ordered_json to_json(const CompareReport& report);
/// Throws UserError (data) naming what is missing or of the wrong type, and where.
CompareReport compare_report_from_json(const nlohmann::json& json);

/// Every arm against the first: what got better, what worse, what was not seen, all with intervals.
std::string to_terminal(const CompareReport& report, bool color);

/// One self-contained page: a table of figures and findings, a plot of the differences with their intervals, verdicts, every
/// run with a link to its own report.
std::string to_html(const CompareReport& report);

}  // namespace equipoise::report
