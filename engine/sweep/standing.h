// How far the runs of a plan are, of which a bank that is done may have lost some: what is said of a sweep counts runs, however they are packed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/sweep/jobs.h"
#include "engine/sweep/plan.h"

namespace equipoise::sweep {

/// A run that did not come to its end in a bank which did.
struct LostRun {
  std::size_t run = 0;  ///< its place in the plan
  std::string reason;
  bool was_halved =
      false;  ///< successive halving ended it early, which is not how the plan searches by now: it is to be done again
};

struct JobStanding {
  JobState state = JobState::waiting;
  std::vector<std::size_t>
      runs;                   ///< places in the plan of the runs that are its own: what is done again elsewhere is not
  std::vector<LostRun> lost;  ///< of these, where it is a bank that is done
};

/// [plan.jobs] the places of the runs that the plan has there.
std::vector<std::vector<std::size_t>> runs_of_jobs(const Plan& plan);
/// Those of a bank's runs that neither finished nor, where that is how the plan searches, were stopped by successive halving. One small file for
/// each run.
std::vector<LostRun> lost_runs(const Plan& plan, const std::vector<std::size_t>& runs,
                               const std::filesystem::path& folder);
/// [plan.jobs]
std::vector<JobStanding> standings_of(const Plan& plan, const std::filesystem::path& folder);

/// How many runs successive halving ended early, where that is how the plan searches, and nobody trained to their end
/// since.
std::size_t halved_runs(const Plan& plan, const std::filesystem::path& folder);

/// Runs of a plan, or of some of its jobs, each of which counts once.
struct RunCounts {
  std::size_t done = 0, failed = 0, foreign = 0,
              waiting = 0;  ///< failed: the foreign ones too; waiting: the halved ones
};
void add(const JobStanding& standing, RunCounts& counts);

}  // namespace equipoise::sweep
