#include "engine/sweep/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "engine/core/error.h"
#include "engine/sweep/results_reader.h"
#include "engine/sweep/run_state.h"

namespace equipoise::sweep {
namespace {

namespace fs = std::filesystem;

// What most runs are is told by their marker alone; results are long.
bool is_finished(const fs::path& folder) {
  try {
    return read_run_marker(folder / "run.json").status == "finished";
  } catch (const core::UserError&) {
    return false;
  }
}

std::string reason_of(const RunState& state) {
  if (!state.reason.empty()) return state.reason;
  if (state.status == RunStatus::missing) return "its folder is not there, and its bank is done";
  return fmt::format("it was left {} when its bank was done", name_of(state.status));
}

std::optional<LostRun> lost_run(const Plan& plan, std::size_t place, const fs::path& folder) {
  const PlannedRun& run = plan.runs[place];
  const fs::path own = folder / folder_of(run);
  if (is_finished(own)) return std::nullopt;
  RunNotes notes = notes_of(folder, plan.search, run.id, run.job);
  notes.failure.clear();
  notes.failure_of_job.clear();
  const RunState state = state_of_run(own, notes);
  if (state.status == RunStatus::finished) return std::nullopt;
  if (state.status != RunStatus::stopped) return LostRun{place, reason_of(state)};
  if (plan.search == "asha") return std::nullopt;
  return LostRun{place, "successive halving ended it early", true};
}

}  // namespace

std::vector<std::vector<std::size_t>> runs_of_jobs(const Plan& plan) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) places.emplace(plan.jobs[i].id, i);
  std::vector<std::vector<std::size_t>> runs(plan.jobs.size());
  for (std::size_t i = 0; i < plan.runs.size(); ++i) runs[places.at(plan.runs[i].job)].push_back(i);
  return runs;
}

std::vector<LostRun> lost_runs(const Plan& plan, const std::vector<std::size_t>& runs, const fs::path& folder) {
  std::vector<LostRun> lost;
  for (const std::size_t place : runs)
    if (std::optional<LostRun> one = lost_run(plan, place, folder)) lost.push_back(*std::move(one));
  return lost;
}

std::vector<JobStanding> standings_of(const Plan& plan, const fs::path& folder) {
  const std::vector<JobState> states = states_of(plan, folder);
  std::vector<std::vector<std::size_t>> runs = runs_of_jobs(plan);
  std::vector<JobStanding> standings;
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    JobStanding& standing = standings.emplace_back(JobStanding{states[i], std::move(runs[i]), {}});
    if (standing.state == JobState::done && plan.jobs[i].kind == JobKind::bank)
      standing.lost = lost_runs(plan, standing.runs, folder);
  }
  return standings;
}

std::size_t halved_runs(const Plan& plan, const fs::path& folder) {
  if (plan.search != "asha") return 0;
  return static_cast<std::size_t>(std::ranges::count_if(plan.runs, [&](const PlannedRun& run) {
    std::error_code error;
    return fs::exists(folder / sweep_files::kStopped / (run.id + ".json"), error) &&
           !is_finished(folder / folder_of(run));
  }));
}

void add(const JobStanding& standing, RunCounts& counts) {
  const std::size_t runs = standing.runs.size();
  switch (standing.state) {
    case JobState::waiting:
      counts.waiting += runs;
      return;
    case JobState::done:
      for (const LostRun& one : standing.lost) ++(one.was_halved ? counts.waiting : counts.failed);
      counts.done += runs - standing.lost.size();
      return;
    case JobState::foreign:
      counts.foreign += runs;
      [[fallthrough]];
    case JobState::failed:
      counts.failed += runs;
  }
}

}  // namespace equipoise::sweep
