#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/quality.h"
#include "engine/sweep/plan.h"

namespace equipoise::sweep {

/// How far a run is. finished: trained to its end and measured; stopped: successive halving ended it early; interrupted: a signal
/// did; running: its folder says so; gone: it says so, and no process holds it; failed: it has a reason; missing: nothing of it is there
/// yet.
enum class RunStatus { finished, stopped, interrupted, running, gone, failed, missing };
const char* name_of(RunStatus status);  ///< "finished", ...

/// What a split's rows show of one constraint (evaluation::ConstraintResult).
struct ConstraintFigures {
  std::optional<double> gap, upper_bound;
  std::optional<evaluation::Interval> interval;
  double tolerance = 0;
  double noise_floor = 0;  ///< the largest of its promises': what exactly equal rates would show on so many rows
  evaluation::Verdict verdict = evaluation::Verdict::not_estimable;
};

/// One run on one split.
struct SplitFigures {
  std::int64_t rows = 0;
  std::optional<double> quality;  ///< accuracy, of a regression the root mean square error
  std::optional<evaluation::Interval> quality_interval;
  std::optional<double> auc, log_loss;
  std::vector<std::optional<ConstraintFigures>> constraints;  ///< [SweepResults::constraints]
};

/// One row of the results.
struct RunResult {
  std::string folder;  ///< relative to the sweep's
  RunStatus status = RunStatus::missing;
  std::string reason;                                 ///< why it failed, or was stopped
  std::array<std::optional<SplitFigures>, 4> splits;  ///< [data::Split]
  std::optional<double> seconds;                      ///< of its training; those of a bank count for each of its runs
  std::int64_t steps = 0;
  std::string data_sha256;    ///< of its data file, or of the digests of several; "" where nothing says
  std::string splits_sha256;  ///< of which rows are in which split; the same

  const SplitFigures* on(data::Split split) const;
};

/// A constraint that runs have, each with a tolerance of its own; all else that says which constraint it is is the
/// same. A run that does not have it has no figures of it.
struct SweepConstraint {
  std::string name;  ///< "equalized odds by sex", another one for each
  std::string unit;  ///< constraints/forms.h
};

/// All that a sweep's folder says of its runs at this moment.
struct SweepResults {
  Plan plan;
  std::vector<std::string> fields;       ///< of all axes, in their order
  std::vector<std::string> short_names;  ///< [fields] as little of each as tells it from the others: "tolerance"
  std::vector<SweepConstraint> constraints;
  evaluation::Quality quality;  ///< its names alone
  double confidence = 0.95;
  std::vector<RunResult> runs;  ///< [plan.runs]

  std::int64_t count(RunStatus status) const;
  /// Places of the runs that finished and were measured on `split`.
  std::vector<std::size_t> measured(data::Split split) const;
};

/// The sweep's quality with the figure of one run.
evaluation::Quality quality_of(const SweepResults& results, std::optional<double> figure,
                               std::optional<evaluation::Interval> interval = std::nullopt);

/// Reads the plan and each run's folder, with as many threads as the machine has. A run whose files are torn, or of another
/// format, is a row that failed with that reason. Throws UserError (data) when `folder` is not a sweep's.
SweepResults read_results(const std::filesystem::path& folder);

/// The plan and the names of what it varies, without reading any run. Throws the same.
SweepResults planned_results(const std::filesystem::path& folder);

/// A value as it stands on a command line: 0.05, mlp, [64,64].
std::string value_text(const Value& value);
/// The run's value of a field; nullptr where it sets none.
const Value* value_of(const PlannedRun& run, const std::string& field);

/// Runs that differ in their seeds alone.
struct SettingRuns {
  std::string title;              ///< "tolerance 0.05, learning_rate 0.01"
  std::vector<std::size_t> runs;  ///< in the order of the plan
};
/// In the order of the plan.
std::vector<SettingRuns> settings_of(const SweepResults& results);
/// What one run is called: its setting, and its seed where there are several.
std::string title_of(const SweepResults& results, std::size_t run);
/// All that a run sets but these fields, a line each: runs of one text are alike in all else.
std::string text_without(const SweepResults& results, const PlannedRun& run, const std::vector<std::string>& fields);
/// The values of the fields that only seed random numbers, "0" or "0, 3"; "" without any. Runs of one text share their draws.
std::string seed_text(const PlannedRun& run);
/// What runs share that are not independent of each other: the `seed` of the split, where that varies, else all that only seed random numbers.
std::string unit_text(const SweepResults& results, const PlannedRun& run);

}  // namespace equipoise::sweep
