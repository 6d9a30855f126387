#include "engine/sweep/retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/sweep/axes.h"
#include "engine/sweep/locks.h"
#include "engine/sweep/packing.h"
#include "engine/sweep/results_reader.h"
#include "engine/sweep/standing.h"
#include "engine/sweep/values.h"

namespace equipoise::sweep {
namespace {

constexpr const char* kMembers = "bank.members=";

// Who changes the plan reads and writes it alone.
JobLock lock_plan(const std::filesystem::path& folder) {
  constexpr int kTries = 600;
  for (int i = 0; i < kTries; ++i) {
    if (std::optional<JobLock> lock = JobLock::take(folder, "plan")) return *std::move(lock);
    core::stop_if_interrupted();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw core::UserError(core::Fault::data,
                        fmt::format("another process has been changing the plan of '{}' for half a minute: its lock is "
                                    "'{}/plan.json'",
                                    folder.string(), sweep_files::kLocks));
}

// What a member of the bank was trained with. What all members share stands among the bank's overrides, with paths made absolute.
Setting setting_in(const PlannedJob& bank, const PlannedRun& run, const BaseConfig& base) {
  Setting setting;
  setting.point = run.point;
  setting.id = run.id;
  for (const std::string& word : bank.overrides)
    if (!word.starts_with(kMembers)) setting.shared.push_back(word);
  for (const auto& [field, value] : run.point) {
    // A recipe file stands there as the whole element of which it is the recipe.
    const auto sets_it = [&](const std::string& word) {
      return word.starts_with(field + "=") || holds_field(word.substr(0, word.find('=')), field);
    };
    if (std::ranges::none_of(setting.shared, sets_it)) setting.own.push_back(override_text(field, value));
  }
  if (setting.own.empty()) setting.own.push_back(override_text("training.seed", base.value("training.seed")));
  return setting;
}

// An id is a job's folder, and no two have the same.
void choose_id(PlannedJob& job, const Plan& plan) {
  while (std::ranges::find(plan.jobs, job.id, &PlannedJob::id) != plan.jobs.end()) job.id = id_of(job.id);
}

void move_run(Plan& plan, const std::string& id, const PlannedJob& job, std::size_t member) {
  const auto run = std::ranges::find(plan.runs, id, &PlannedRun::id);
  run->job = job.id;
  run->member = member;
  run->in_bank = job.kind == JobKind::bank;
}

void split_off(Plan& plan, std::size_t bank, const std::vector<LostRun>& lost, const BaseConfig& base) {
  const PlannedJob from = plan.jobs[bank];
  std::vector<Setting> settings;
  for (const LostRun& one : lost) settings.push_back(setting_in(from, plan.runs[one.run], base));
  for (PlannedJob& job : pack(settings, settings.size(), base)) {
    choose_id(job, plan);
    job.again_of = from.again_of.empty() ? from.id : from.again_of;
    for (std::size_t member = 0; member < job.runs.size(); ++member) move_run(plan, job.runs[member], job, member);
    plan.jobs.push_back(std::move(job));
  }
}

void forget(const PlannedJob& job, const std::filesystem::path& folder) {
  forget_failure(job.id, folder);
  for (const std::string& run : job.runs) forget_failure(run, folder);
}

// Of a run that is done: what a report could not tell of it.
bool has_torn_results(const PlannedRun& run, const std::filesystem::path& folder) {
  try {
    read_run_results(folder / folder_of(run) / "results.json");
    return false;
  } catch (const OtherFormat&) {
    return false;
  } catch (const core::UserError&) {
    return true;
  }
}

void add_torn(const Plan& plan, const std::filesystem::path& folder, JobStanding& standing) {
  if (standing.state != JobState::done) return;
  for (const std::size_t place : standing.runs) {
    const PlannedRun& run = plan.runs[place];
    if (std::ranges::find(standing.lost, place, &LostRun::run) == standing.lost.end() && has_torn_results(run, folder))
      standing.lost.push_back({place, "its results cannot be read"});
  }
}

// The runs of these jobs that are lost become jobs of their own.
Plan do_again(const std::filesystem::path& folder, Plan plan, const std::vector<JobStanding>& standings) {
  std::vector<std::string> lost;
  std::optional<BaseConfig> base;
  for (std::size_t i = 0; i < standings.size(); ++i) {
    if (standings[i].lost.empty()) continue;
    for (const LostRun& one : standings[i].lost) lost.push_back(plan.runs[one.run].id);
    if (!base) base.emplace(base_file(plan, folder), std::vector<std::string>());
    split_off(plan, i, standings[i].lost, *base);
  }
  if (lost.empty()) return plan;
  write_plan(plan, folder);
  for (const std::string& run : lost) forget_failure(run, folder);
  return plan;
}

// What is not this task's is as if it had lost nothing.
void leave_to_other_tasks(const Plan& plan, std::size_t task, std::size_t tasks, std::vector<JobStanding>& standings) {
  const std::vector<std::size_t> places = task_places(plan);
  for (std::size_t i = 0; i < standings.size(); ++i)
    if (places[i] % tasks != task) standings[i] = {};
}

}  // namespace

Plan retry_failed(const std::filesystem::path& folder, std::size_t task, std::size_t tasks) {
  const JobLock lock = lock_plan(folder);
  const Plan plan = read_plan(folder);
  std::vector<JobStanding> standings = standings_of(plan, folder);
  leave_to_other_tasks(plan, task, tasks, standings);
  for (std::size_t i = 0; i < standings.size(); ++i) {
    if (standings[i].state == JobState::failed) forget(plan.jobs[i], folder);
    add_torn(plan, folder, standings[i]);
  }
  return do_again(folder, plan, standings);
}

Plan redo_halved(const std::filesystem::path& folder, std::size_t task, std::size_t tasks) {
  const JobLock lock = lock_plan(folder);
  const Plan plan = read_plan(folder);
  std::vector<JobStanding> standings = standings_of(plan, folder);
  leave_to_other_tasks(plan, task, tasks, standings);
  for (JobStanding& standing : standings)
    std::erase_if(standing.lost, [](const LostRun& one) { return !one.was_halved; });
  const Plan again = do_again(folder, plan, standings);
  // Where halving is what searches once more, they count as runs that came to their end.
  std::error_code error;
  for (const JobStanding& standing : standings)
    for (const LostRun& one : standing.lost)
      std::filesystem::remove(folder / sweep_files::kStopped / (plan.runs[one.run].id + ".json"), error);
  return again;
}

}  // namespace equipoise::sweep
