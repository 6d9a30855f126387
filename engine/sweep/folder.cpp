#include "engine/sweep/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/sweep/jobs.h"

namespace equipoise::sweep {
namespace {

constexpr const char* kFolders[] = {sweep_files::kLocks, sweep_files::kJobs,    sweep_files::kFailures,
                                    sweep_files::kRungs, sweep_files::kStopped, sweep_files::kLogs};

}  // namespace

std::optional<Earlier> earlier_of(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return std::nullopt;
  if (!std::filesystem::is_directory(folder, error))
    throw core::UserError(core::Fault::config, fmt::format("the sweep's folder '{}' is a file", folder.string()));
  if (!std::filesystem::exists(folder / sweep_files::kPlan, error)) {
    const bool is_begun = std::filesystem::exists(folder / sweep_files::kLocks, error);  // and stopped before the plan
    if (is_begun || std::filesystem::is_empty(folder, error)) return std::nullopt;
    throw core::UserError(
        core::Fault::config,
        fmt::format("the folder '{}' exists and is not a sweep (it has no {}): it is left as it is; choose "
                    "another with --folder",
                    folder.string(), sweep_files::kPlan));
  }
  Plan plan = read_plan(folder);
  std::string base_text = read_base(plan, folder);
  return Earlier{std::move(plan), std::move(base_text), [folder](const PlannedJob& job, const std::string& search) {
                   return state_of(job.id, folder, search) == JobState::done;
                 }};
}

bool is_own_file(const std::filesystem::path& file, const std::filesystem::path& folder) {
  const std::filesystem::path inside = file.lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..") return false;
  if (std::ranges::find(kFolders, *inside.begin()) != std::end(kFolders)) return true;
  constexpr const char* kFiles[] = {sweep_files::kAsked, sweep_files::kPlan,  "report.html",  "results.csv",
                                    "results.parquet",   "frontier.svg",      "frontier.png", "tracking.json",
                                    "mlflow_sweep.json", "mlflow_spool.jsonl"};
  const std::string name = inside.string();
  return std::ranges::find(kFiles, name) != std::end(kFiles) ||
         (name.starts_with("config-") && name.ends_with(".yaml"));
}

void write_folder(const Request& request, const Planning& planning, const std::filesystem::path& folder) {
  for (const char* name : kFolders) {
    std::error_code error;
    std::filesystem::create_directories(folder / name, error);
    if (error)
      throw core::UserError(core::Fault::data,
                            fmt::format("cannot make the folder '{}': {}", (folder / name).string(), error.message()));
  }
  core::write_file_atomically(folder / sweep_files::kAsked, request.text);
  core::write_file_atomically(base_file(planning.plan, folder), planning.base_text);
  // What is there stays as it is: another process may have added jobs for what failed.
  if (!planning.is_as_before) write_plan(planning.plan, folder);
}

}  // namespace equipoise::sweep
