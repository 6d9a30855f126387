// How far the jobs of a sweep are, read from its folder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/sweep/plan.h"

namespace equipoise::sweep {

enum class JobState {
  waiting,  ///< not begun, or begun and not done
  done,
  failed,   ///< a file of failures/ says why
  foreign,  ///< another version of this program wrote its run.json: it is left as it is, and every start would fail
};

/// Of each job of the plan. Two listings and one small file for each folder under jobs/.
std::vector<JobState> states_of(const Plan& plan, const std::filesystem::path& folder);
/// `search`: the plan's. What successive halving stopped is done where that is what searches, else it goes on.
JobState state_of(const std::string& job, const std::filesystem::path& folder, const std::string& search);

/// Why a job could not be done.
struct Failure {
  int exit_code = 0;  ///< 128 + signal where one ended it
  std::string reason;
  std::string when;  ///< ISO 8601, UTC
  std::string log;   ///< in the sweep's folder
};
/// Throws UserError (data).
void write_failure(const Failure& failure, const std::string& job, const std::filesystem::path& folder);
Failure read_failure(const std::string& job, const std::filesystem::path& folder);
/// So that the job is done again; from its start where its checkpoints were of another run.
void forget_failure(const std::string& job, const std::filesystem::path& folder);

/// What went wrong as the log says it from byte `begin` on: the last "error:" and what follows, without what is not text; "" where
/// it has none.
std::string last_error(const std::filesystem::path& log, std::size_t begin);

/// Whether an error is the disk's: it is full, or a limit on files is reached.
bool is_full_disk(const std::string& reason);

}  // namespace equipoise::sweep
