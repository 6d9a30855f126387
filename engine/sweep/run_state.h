#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/sweep/results_reader.h"

namespace equipoise::sweep {

/// What a sweep notes of a run outside of its folder; an empty path: nothing does. What is not there says nothing.
struct RunNotes {
  std::filesystem::path stopped;         ///< by successive halving, where that is what searches
  std::filesystem::path failure;         ///< its own
  std::filesystem::path failure_of_job;  ///< of all that were trained with it
  std::filesystem::path sweep;           ///< whose lock of the job says that somebody works on it; "": none
  std::string job;
};
RunNotes notes_of(const std::filesystem::path& sweep, const std::string& search, const std::string& run,
                  const std::string& job);

/// How far a run is, and what its files hold of that.
struct RunState {
  RunStatus status = RunStatus::missing;
  std::string reason;                  ///< why it failed, or was stopped
  std::optional<ReadMarker> marker;    ///< its run.json
  std::optional<ReadResults> results;  ///< its results.json, where it has ended and has one
};

/// What is finished is finished, whatever was noted at an earlier try; then a note goes before what the folder says. A job that
/// failed is not begun again before its note is taken away: where the marker says that it runs, its program was killed. One that
/// was stopped stops again, wherever its program was killed. Files that cannot be read are a failure with that reason. A bank's
/// members have no folders while it is only claimed, or once a full disk ended it: where it can go on, they were interrupted.
RunState state_of_run(const std::filesystem::path& folder, const RunNotes& notes);

}  // namespace equipoise::sweep
