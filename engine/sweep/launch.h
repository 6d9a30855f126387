#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/core/journal.h"
#include "engine/sweep/plan.h"

namespace equipoise::sweep {

struct LaunchOptions {
  std::size_t workers = 1;          ///< programs at a time
  std::vector<std::string> gpus;    ///< one for each worker; none: the CPU
  std::size_t task = 0, tasks = 1;  ///< of the jobs, every tasks-th from this one on (task_places)
  std::filesystem::path program;    ///< that trains
};

/// How the runs of a launch went. A member of a bank counts as a run of its own.
struct Tally {
  std::size_t done = 0;     ///< runs that are done, earlier ones too
  std::size_t failed = 0;   ///< with a reason in failures/, or another version's
  std::size_t foreign = 0;  ///< of these, those in folders that another version of this program wrote
  std::size_t elsewhere =
      0;  ///< of jobs that another process works on, tried again every few seconds while others are trained
  std::size_t left = 0;       ///< not done
  int signal = 0;             ///< that ended the launch
  bool is_disk_full = false;  ///< which ended it
};

/// Trains what is not done, job after job, `workers` at a time, each on its share of the processors, and waits for the end. A job
/// that fails is noted and stops no other, so is a run that its bank lost, and one whose program asks too often to be started again is left. A signal is passed on to the programs, which are waited for, and so does a full disk
/// start no more. Throws UserError (data) for a folder that cannot be written for another reason.
Tally launch(const Plan& plan, const std::filesystem::path& folder, const LaunchOptions& options,
             core::Journal& journal);

/// What trains a job: the words of a command line.
std::vector<std::string> words_of(const Plan& plan, const PlannedJob& job, const std::filesystem::path& folder,
                                  const std::filesystem::path& program);

/// "12 done, 2 running, 1 failed, 40 left": in runs
std::string tally_text(const Tally& tally, std::size_t running);

}  // namespace equipoise::sweep
