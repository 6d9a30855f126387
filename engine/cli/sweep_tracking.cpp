#include "engine/cli/sweep_tracking.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cli/shell_words.h"
#include "engine/config/load.h"
#include "engine/core/clock.h"
#include "engine/core/error.h"
#include "engine/core/folder_lock.h"
#include "engine/core/refusals.h"
#include "engine/sweep/jobs.h"
#include "engine/sweep/locks.h"
#include "engine/sweep/values.h"
#include "engine/tracking/mlflow_lines.h"
#include "engine/tracking/outbox.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

// What tells a job from the others of its sweep; "" where it is none of the plan's, which may have changed since it was begun.
std::string title_of(const sweep::Plan& plan, const std::string& job) {
  std::size_t runs = 0;
  std::string words;
  for (const sweep::PlannedRun& run : plan.runs) {
    if (run.job != job) continue;
    ++runs;
    if (run.in_bank) continue;
    for (const auto& [field, value] : run.point)
      words += (words.empty() ? "" : ", ") + sweep::override_text(field, value);
  }
  return words.empty() && runs > 0 ? fmt::format("bank of {} runs", runs) : words;
}

// Of the jobs that are done: those that nobody sends any more, and those whose process is still at it.
struct Unsent {
  std::size_t left = 0, being_sent = 0;
};

Unsent unsent_jobs(const sweep::Plan& plan, const fs::path& folder, const std::vector<sweep::JobState>& states) {
  Unsent unsent;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::string& job = plan.jobs[i].id;
    const fs::path run = folder / sweep::sweep_files::kJobs / job;
    if (states[i] != sweep::JobState::done || !has_spool(run)) continue;
    // Whoever has let go of it by now has sent what it sends: asked once more.
    if (sweep::holder_of(folder, job))
      ++unsent.being_sent;
    else if (has_spool(run))
      ++unsent.left;
  }
  return unsent;
}

}  // namespace

std::optional<tracking::SweepFacts> sweep_facts(const RunFolder& folder) {
  const fs::path job = folder.parent() == nullptr ? folder.path() : folder.parent()->path();
  const fs::path sweep = job.parent_path().parent_path();
  std::error_code error;
  if (job.parent_path().filename() != sweep::sweep_files::kJobs ||
      !fs::is_regular_file(sweep / sweep::sweep_files::kPlan, error))
    return std::nullopt;
  tracking::SweepFacts facts{sweep, sweep.filename().string(), "", shell_line({"equipoise", "sweep", sweep.string()})};
  // A member's name tells it from the others of its bank, and the plan of many runs is long.
  if (folder.parent() != nullptr) return facts;
  try {
    const sweep::Plan plan = sweep::read_plan(sweep);
    facts.name = plan.name;
    facts.title = title_of(plan, job.filename().string());
  } catch (const core::UserError&) {
    // The names of folders have to do.
  }
  return facts;
}

tracking::MlflowParams mlflow_of(const sweep::Plan& plan, const fs::path& folder) {
  training::RunConfig config;
  config::Origin origin;
  const auto describe = [&](config::Fields& fields) { config.describe(fields); };
  config::load_text(sweep::read_base(plan, folder), sweep::base_file(plan, folder).string(), folder, {}, describe,
                    origin);
  return config.tracking.mlflow;
}

bool has_spool(const fs::path& run) {
  std::error_code error;
  if (fs::exists(run / tracking::kSpoolFile, error)) return true;
  for (fs::directory_iterator entry(run / run_files::kMembers, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code none;
    if (fs::exists(entry->path() / tracking::kSpoolFile, none)) return true;
  }
  return false;
}

tracking::SentOutboxes tell_sweep_end(const sweep::Plan& plan, const fs::path& folder, const std::string& uri,
                                      double seconds) {
  const std::vector<sweep::JobState> states = sweep::states_of(plan, folder);
  const bool has_ended = std::ranges::count(states, sweep::JobState::waiting) == 0;
  if (!has_ended || tracking::read_mlflow_state(folder).run_id.empty()) return {};
  const core::FolderLock lock(folder);  // two tasks of a cluster may come to the end at the same time
  {
    tracking::Outbox outbox(folder, uri, "");
    const bool has_done = std::ranges::count(states, sweep::JobState::done) > 0;
    if (outbox.waiting() == 0)
      outbox.add({tracking::ended_line(has_done ? "finished" : "failed",
                                       static_cast<std::int64_t>(core::unix_seconds() * 1000))});
  }
  return tracking::send_outboxes({folder}, uri, seconds);
}

void end_sweep_tracking(const sweep::Plan& plan, const fs::path& folder, core::Journal& journal) {
  std::error_code none;
  if (!fs::exists(folder / tracking::kSweepFile, none)) return;  // no job has an MLflow server
  try {
    const std::string sends = shell_line({"equipoise", "track", folder.string()});
    const Unsent unsent = unsent_jobs(plan, folder, sweep::states_of(plan, folder));
    if (unsent.left > 0)
      return journal.warn(fmt::format("The MLflow server has not got all of {} of the jobs: {} sends what is left.",
                                      unsent.left, sends));
    if (unsent.being_sent > 0) return;  // by another process, which comes to the end after this one
    const tracking::MlflowParams mlflow = mlflow_of(plan, folder);
    if (mlflow.uri.empty())
      return;  // an axis names it: which server may be told under this user's name is not known here
    const tracking::SentOutboxes sent = tell_sweep_end(plan, folder, mlflow.uri, mlflow.wait);
    if (sent.left > 0)
      journal.warn(fmt::format("The MLflow server was not told that the sweep ended: {} tells it.", sends));
  } catch (const core::UserError& error) {
    // Of two that come to the end at the same time the one that has the folder tells it.
    if (std::string(error.what()).find(core::refusals::kFolderInUse) != std::string::npos) return;
    journal.warn(fmt::format("MLflow is not told that the sweep ended: {}", error.what()));
  }
}

}  // namespace equipoise::cli
