#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/sweep/results.h"

namespace equipoise::sweep {

/// What of a results.json a sweep needs: of a file of a hundred kilobytes a hundredth, so nothing else is taken apart.
struct ReadResults {
  struct Constraint {
    std::string title, kind, grouping, form, unit;
    std::size_t parts = 0;  ///< of a calibration, whose title does not say it: into how many parts its scores are cut
    ConstraintFigures figures;
  };
  struct Split {
    std::string name, task;
    SplitFigures figures;  ///< without constraints
    std::vector<Constraint> constraints;
  };
  double confidence = 0.95;
  std::optional<double> seconds;
  std::int64_t steps = 0;
  std::vector<Split> splits;
  std::vector<std::string> warnings;
  std::vector<std::string> files;  ///< the SHA-256 of each of its data files
};

/// Thrown where a file has a format that this program does not read: another version wrote it.
class OtherFormat : public core::UserError {
 public:
  using core::UserError::UserError;
};

/// Throws UserError (data): the file is not there, is torn, or (OtherFormat) is another version's.
ReadResults read_run_results(const std::filesystem::path& file);

/// What of a run.json a sweep needs.
struct ReadMarker {
  std::string status;  ///< running, finished, stopped, interrupted, diverged, failed
  std::string started, finished;
};
/// The same.
ReadMarker read_run_marker(const std::filesystem::path& file);

/// Of a run's data.json: which rows are in which split. "" where it cannot be read.
std::string read_splits_sha256(const std::filesystem::path& file);

/// Why each member of a bank did not come to its end, from its bank.json; "" of one that did. Nothing where it cannot be read.
std::vector<std::string> read_bank_failures(const std::filesystem::path& file);

/// failures/<job>.json or stopped/<run>.json: their reason; `none` without such a file. One that cannot be read says so.
std::optional<std::string> read_reason(const std::filesystem::path& file);

}  // namespace equipoise::sweep
