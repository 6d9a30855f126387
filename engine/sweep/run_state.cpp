#include "engine/sweep/run_state.h"

#include <fmt/format.h>

#include "engine/core/error.h"
#include "engine/sweep/plan.h"

namespace equipoise::sweep {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& file) {
  std::error_code error;
  return fs::exists(file, error);
}

RunStatus status_from(const std::string& marker) {
  if (marker == "finished") return RunStatus::finished;
  if (marker == "interrupted") return RunStatus::interrupted;
  if (marker == "stopped") return RunStatus::stopped;
  return marker == "running" ? RunStatus::running : RunStatus::failed;
}

std::string reason_of_failure(const RunState& state) {
  const std::string why = state.marker->status == "diverged" ? "training left the finite numbers" : "it failed";
  if (!state.results || state.results->warnings.empty()) return why;
  return fmt::format("{}: {}", why, state.results->warnings.back());
}

void read_folder(const fs::path& folder, RunState& state) {
  try {
    state.marker = read_run_marker(folder / "run.json");
    state.status = status_from(state.marker->status);
    if (state.status == RunStatus::running) return;
    const fs::path results = folder / "results.json";
    if (state.status == RunStatus::finished || is_there(results)) state.results = read_run_results(results);
    if (state.status == RunStatus::failed) state.reason = reason_of_failure(state);
  } catch (const core::UserError& error) {
    state.status = RunStatus::failed;
    state.reason = error.what();
  }
}

}  // namespace

RunNotes notes_of(const fs::path& sweep, const std::string& search, const std::string& run, const std::string& job) {
  RunNotes notes;
  if (search == "asha") notes.stopped = sweep / sweep_files::kStopped / (run + ".json");
  notes.failure = sweep / sweep_files::kFailures / (job + ".json");
  return notes;
}

RunState state_of_run(const fs::path& folder, const RunNotes& notes) {
  RunState state;
  if (is_there(folder / "run.json")) read_folder(folder, state);
  if (state.status == RunStatus::finished) return state;
  const auto noted = [&](const fs::path& file, RunStatus status) {
    const auto reason = file.empty() ? std::nullopt : read_reason(file);
    if (!reason) return false;
    state.status = status;
    state.reason = *reason;
    return true;
  };
  if (!noted(notes.stopped, RunStatus::stopped)) noted(notes.failure, RunStatus::failed);
  return state;
}

}  // namespace equipoise::sweep
