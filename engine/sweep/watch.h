#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/sweep/results.h"
#include "engine/sweep/results_reader.h"

namespace equipoise::sweep {

/// One run while it goes on, or after.
struct WatchedRun {
  std::string title;
  std::string folder;  ///< relative to the folder that is watched; "" is that itself
  std::string id, job;
  RunStatus status = RunStatus::missing;
  bool is_over = false;  ///< it is finished or was stopped, and its program has written all that there will be
  std::string reason;
  // While it goes on, from the last whole line of its measurements:
  double done = 0;  ///< from 0 to 1
  std::optional<double> epoch, epochs, seconds, seconds_left;
  std::optional<double> accuracy;  ///< on training rows
  std::optional<double>
      worst_violation;        ///< largest of gap minus tolerance; of a finished run of its choosing rows' upper bounds
  std::string worst_promise;  ///< "TPR by sex"
  std::optional<double> largest_multiplier;
  std::optional<double> silent_seconds;  ///< since its last measurement
  // When it is finished:
  std::optional<double> quality;               ///< on the rows by which runs are chosen
  std::optional<evaluation::Verdict> verdict;  ///< the worst, on the test rows
  bool quality_is_error = false;
};

/// What a folder shows at one moment.
struct WatchSnapshot {
  std::string name, kind;  ///< kind: "sweep", "bank", "comparison" or "run"
  std::vector<WatchedRun> runs;
  std::optional<double> seconds_left;  ///< of all; nothing where nothing tells
  bool is_held = false;  ///< whether a process works on a sweep, which then goes on with what was interrupted

  std::int64_t count(RunStatus status) const;
  /// Whether nothing is left to wait for: every run is over or failed, or was interrupted or stopped, or its program is gone, and is left
  /// by all. Where one is gone and nobody works on the sweep, those to come are not waited for either.
  bool is_done() const;
};

/// Looks at a sweep's folder, a bank's, a comparison's or a run's again and again. What is over is read once; what is being written
/// is read as far as it is whole; what vanishes is missing again.
class Watcher {
 public:
  /// Throws UserError (data) when the folder is none of these.
  explicit Watcher(std::filesystem::path folder);

  const WatchSnapshot& look();

 private:
  void find_members();
  void look_at(WatchedRun& run);
  static void show_results(WatchedRun& run, const ReadResults& results);
  void read_measurements(WatchedRun& run, const std::filesystem::path& folder);
  void estimate();
  bool is_held() const;

  struct Limits {
    std::optional<double> epochs;
    std::vector<double> tolerances;     // [promises]
    std::vector<std::string> promises;  // their names
  };
  const Limits& limits_of(const std::filesystem::path& folder);

  std::filesystem::path folder_;
  WatchSnapshot snapshot_;
  std::string search_;                       // of a sweep's plan
  std::map<std::string, Limits> limits_;     // by folder
  std::map<std::string, double> durations_;  // of jobs that are done, in seconds
};

/// The last whole line of a file that may be being written; "" without one. Reads its end alone.
std::string last_whole_line(const std::filesystem::path& file);

}  // namespace equipoise::sweep
