#pragma once

#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/files.h"
#include "engine/tracking/mlflow_lines.h"

namespace equipoise::tracking {

inline constexpr const char* kStateFile = "tracking.json";
inline constexpr const char* kSpoolFile = "mlflow_spool.jsonl";

/// What tracking.json says of a run at its MLflow server.
struct MlflowState {
  std::string uri, experiment;
  std::string experiment_id, run_id, artifact_uri;  ///< "" until the server has given them
  std::int64_t sent = 0;                            ///< lines of the spool that the server has
  std::int64_t last_step = -1;                      ///< of metrics that were written into the spool
  bool has_ended = false;                           ///< and does not go on, by the newest word in the spool
};

/// The content of tracking.json.
std::string to_text(const MlflowState& state);
/// What a folder's tracking.json says, of which nothing else is touched; a new state where there is none. Throws UserError (data) for a file that is
/// none of ours.
MlflowState read_mlflow_state(const std::filesystem::path& folder);

/// What an MLflow server has yet to be told of one run, kept in the run's folder until it has been: every line is first
/// written to mlflow_spool.jsonl, and tracking.json counts those that were sent. Once all are, the spool goes. May be used by a
/// thread that adds and one that sends.
class Outbox {
 public:
  /// Opens what the folder has; a line that was being written when a run was killed is taken off. Throws UserError (data) for a
  /// file that cannot be read, or is none of ours. `uri` and `experiment` are for what is new.
  Outbox(std::filesystem::path folder, std::string uri, std::string experiment);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path spool() const { return folder_ / kSpoolFile; }
  /// Whether nothing was ever put in.
  bool is_new() const;
  /// Whether another process put something in before, whose last word from the server may be lost.
  bool is_reopened() const { return is_reopened_; }
  std::int64_t last_step() const;
  MlflowState state() const;

  /// Throws UserError (data) where the disk does not take it.
  void add(const std::vector<Line>& lines);

  std::size_t waiting() const;
  /// The next lines that go together: one, or several with metrics, as many as one request takes. Throws UserError (data)
  /// where the spool cannot be read.
  std::vector<Line> next() const;
  /// The server has `count` more lines. Throws UserError (data) where that cannot be written down.
  void mark_sent(std::size_t count);
  /// Removes the spool where nothing waits and the run has ended. Throws nothing.
  void tidy_up() noexcept;
  void set_run(const std::string& experiment_id, const std::string& run_id, const std::string& artifact_uri);

 private:
  /// Where lines lie in the spool. What waits for a server that stays away is not held in memory.
  struct Place {
    std::size_t offset = 0, bytes = 0, metrics = 0;
  };

  void read_spool();
  void append(const Line& line, std::size_t bytes, bool waits);
  std::pair<std::size_t, Place> next_places() const;
  void write_state(core::Flush flush) const;

  std::filesystem::path folder_;
  MlflowState state_;
  std::deque<Place> waiting_;
  std::size_t spool_bytes_ = 0;
  bool is_new_ = true, is_reopened_ = false;
  mutable std::mutex mutex_;
};

/// Whether a run in this folder was told of to an MLflow server.
bool has_outbox(const std::filesystem::path& folder);

}  // namespace equipoise::tracking
