#include "engine/sweep/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_set>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/refusals.h"
#include "engine/sweep/results_reader.h"

namespace equipoise::sweep {
namespace {

namespace fs = std::filesystem;

std::unordered_set<std::string> names_in(const fs::path& folder) {
  std::unordered_set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.insert(entry->path().filename().string());
  return names;
}

fs::path failure_file(const std::string& job, const fs::path& folder) {
  return folder / sweep_files::kFailures / (job + ".json");
}

JobState state(const fs::path& job_folder, bool is_there, bool has_failed, const std::string& search) {
  const JobState begun = has_failed ? JobState::failed : JobState::waiting;
  if (!is_there) return begun;
  try {
    // A run folder's or a bank's: successive halving may have stopped all of it.
    const std::string status = read_run_marker(job_folder / "run.json").status;
    return status == "finished" || (search == "asha" && status == "stopped") ? JobState::done : begun;
  } catch (const OtherFormat&) {
    return JobState::foreign;
  } catch (const core::UserError&) {
    return begun;  // one that is not there, or torn, is of a run that was cut off
  }
}

// "" where it cannot be read.
std::string content_of(const fs::path& file) {
  try {
    return core::read_file(file);
  } catch (const core::UserError&) {
    return "";
  }
}

}  // namespace

std::vector<JobState> states_of(const Plan& plan, const fs::path& folder) {
  const auto there = names_in(folder / sweep_files::kJobs), failed = names_in(folder / sweep_files::kFailures);
  std::vector<JobState> states;
  for (const PlannedJob& job : plan.jobs)
    states.push_back(state(folder / sweep_files::kJobs / job.id, there.contains(job.id),
                           failed.contains(job.id + ".json"), plan.search));
  return states;
}

JobState state_of(const std::string& job, const fs::path& folder, const std::string& search) {
  std::error_code error;
  return state(folder / sweep_files::kJobs / job, true, fs::exists(failure_file(job, folder), error), search);
}

void write_failure(const Failure& failure, const std::string& job, const fs::path& folder) {
  const nlohmann::ordered_json json = {
      {"exit_code", failure.exit_code}, {"reason", failure.reason}, {"when", failure.when}, {"log", failure.log}};
  core::write_file_atomically(failure_file(job, folder),
                              json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

Failure read_failure(const std::string& job, const fs::path& folder) {
  const fs::path file = failure_file(job, folder);
  const auto json = nlohmann::json::parse(core::read_file(file), nullptr, false);
  try {
    return {json.at("exit_code"), json.at("reason"), json.at("when"), json.at("log")};
  } catch (const nlohmann::json::exception& error) {
    throw core::UserError(core::Fault::data,
                          fmt::format("'{}' does not say why a run failed: {}", file.string(), error.what()));
  }
}

void forget_failure(const std::string& job, const fs::path& folder) {
  std::error_code error;
  const fs::path file = failure_file(job, folder);
  const std::string said = content_of(file);
  const bool is_of_another = said.find(core::refusals::kOtherRun) != std::string::npos ||
                             said.find(core::refusals::kOtherFormat) != std::string::npos;
  if (is_of_another) fs::remove_all(folder / sweep_files::kJobs / job / "checkpoints", error);
  fs::remove(file, error);
}

std::string last_error(const fs::path& log, std::size_t begin) {
  constexpr std::size_t kLongest = 1000;
  std::string text = content_of(log);
  text.erase(0, std::min(begin, text.size()));
  const std::string head = "error: ";
  std::size_t at = text.rfind("\n" + head);
  if (at != std::string::npos)
    at += 1 + head.size();
  else if (text.starts_with(head))
    at = head.size();
  else
    return "";
  std::string reason = text.substr(at, kLongest);
  while (!reason.empty() && std::isspace(static_cast<unsigned char>(reason.back())) != 0) reason.pop_back();
  std::replace_if(
      reason.begin(), reason.end(), [](unsigned char letter) { return letter < 0x20 && letter != '\n'; }, '?');
  return reason;
}

bool is_full_disk(const std::string& reason) {
  return std::ranges::any_of(std::initializer_list<int>{ENOSPC, EDQUOT, EFBIG},
                             [&](int number) { return reason.find(std::strerror(number)) != std::string::npos; });
}

}  // namespace equipoise::sweep
