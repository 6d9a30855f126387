#include "engine/sweep/run_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "engine/core/error.h"
#include "engine/sweep/locks.h"
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

// The bank whose member's folder this is; "" for a run of its own.
fs::path bank_of(const fs::path& folder) {
  return folder.parent_path().filename() == "members" ? folder.parent_path().parent_path() : fs::path();
}

// Of a bank's member its own reason: warnings are of the whole bank.
std::string reason_of_failure(const RunState& state, const fs::path& folder) {
  if (const fs::path bank = bank_of(folder); !bank.empty()) {
    const std::vector<std::string> failures = read_bank_failures(bank / "bank.json");
    const std::size_t member = std::strtoul(folder.filename().c_str(), nullptr, 10);
    if (member < failures.size() && !failures[member].empty()) return failures[member];
  }
  const std::string why = state.marker->status == "diverged" ? "training left the finite numbers" : "it failed";
  if (!state.results || state.results->warnings.empty()) return why;
  return fmt::format("{}: {}", why, state.results->warnings.back());
}

double seconds_since_written(const fs::path& file) {
  std::error_code error;
  const auto written = fs::last_write_time(file, error);
  return error ? HUGE_VAL : std::chrono::duration<double>(fs::file_time_type::clock::now() - written).count();
}

// A program that begins marks its folder before it holds it for certain; one that goes on says something from time to time.
bool is_quiet(const fs::path& folder) {
  constexpr double kSeconds = 10;
  return std::min(seconds_since_written(folder / "run.json"), seconds_since_written(folder / "measurements.jsonl")) >
         kSeconds;
}

// Whether a folder's marker speaks of a program that is not there any more.
bool is_gone(const fs::path& folder, const RunNotes& notes) {
  if (!is_quiet(folder) || (!notes.sweep.empty() && holder_of(notes.sweep, notes.job))) return false;
  return !is_run_folder_held(folder).value_or(true);  // last: it holds the folder for a moment itself
}

void read_folder(const fs::path& folder, const RunNotes& notes, RunState& state) {
  try {
    state.marker = read_run_marker(folder / "run.json");
    state.status = status_from(state.marker->status);
    if (state.status == RunStatus::running && is_gone(folder, notes)) {
      state.status = RunStatus::gone;
      state.reason = "its program ended without a word, as one that was killed does: no process holds its folder";
    }
    if (state.status == RunStatus::running || state.status == RunStatus::gone) return;
    const fs::path results = folder / "results.json";
    if (state.status == RunStatus::finished || is_there(results)) state.results = read_run_results(results);
    if (state.status == RunStatus::failed) state.reason = reason_of_failure(state, folder);
  } catch (const core::UserError& error) {
    state.status = RunStatus::failed;
    state.reason = error.what();
  }
}

// A whole one: what is being written has a dot before its name.
bool has_checkpoint(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder / "checkpoints", error), end; !error && entry != end; entry.increment(error))
    if (!entry->path().filename().string().starts_with(".")) return true;
  return false;
}

// Of a member without a folder: whether its bank was cut off with something to go on from.
bool is_bank_cut_off(const fs::path& bank, const RunNotes& notes) {
  if (bank.empty() || !is_there(bank / "run.json") || !has_checkpoint(bank)) return false;
  try {
    const RunStatus status = status_from(read_run_marker(bank / "run.json").status);
    return status == RunStatus::interrupted || status == RunStatus::failed ||
           (status == RunStatus::running && is_gone(bank, notes));
  } catch (const core::UserError&) {
    return false;
  }
}

}  // namespace

RunNotes notes_of(const fs::path& sweep, const std::string& search, const std::string& run, const std::string& job) {
  RunNotes notes;
  if (search == "asha") notes.stopped = sweep / sweep_files::kStopped / (run + ".json");
  notes.failure = sweep / sweep_files::kFailures / (run + ".json");
  notes.failure_of_job = sweep / sweep_files::kFailures / (job + ".json");
  notes.sweep = sweep;
  notes.job = job;
  return notes;
}

RunState state_of_run(const fs::path& folder, const RunNotes& notes) {
  RunState state;
  if (is_there(folder / "run.json"))
    read_folder(folder, notes, state);
  else if (is_bank_cut_off(bank_of(folder), notes))
    state.status = RunStatus::interrupted;
  if (state.status == RunStatus::finished) return state;
  const auto noted = [&](const fs::path& file, RunStatus status) {
    const auto reason = file.empty() ? std::nullopt : read_reason(file);
    if (!reason) return false;
    state.status = status;
    state.reason = *reason;
    return true;
  };
  const bool is_noted = noted(notes.stopped, RunStatus::stopped) || noted(notes.failure, RunStatus::failed) ||
                        noted(notes.failure_of_job, RunStatus::failed);
  // What a sweep does not note as failed it does again: the disk was full.
  if (!is_noted && !notes.sweep.empty() && state.marker && state.marker->status == "failed") {
    state.status = RunStatus::interrupted;
    state.reason = "its program ended with an error for which the sweep does it again";
  }
  return state;
}

}  // namespace equipoise::sweep
