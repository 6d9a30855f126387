#include "engine/cli/sweep_exit_code.h"

#include <signal.h>

#include "engine/cli/command.h"
#include "engine/core/error.h"
#include "engine/sweep/jobs.h"

namespace equipoise::cli {
namespace {

// A program that a signal ended was out of memory, as far as anybody can tell of a SIGKILL, or has a fault.
int code_of_failure(int exit_code) {
  if (exit_code == 128 + SIGKILL) return static_cast<int>(core::Fault::memory);
  const bool is_known =
      exit_code >= static_cast<int>(core::Fault::config) && exit_code <= static_cast<int>(core::Fault::memory);
  return is_known ? exit_code : kOurBug;
}

}  // namespace

int exit_code_of(const sweep::Tally& tally, const sweep::Plan& plan, const std::filesystem::path& folder,
                 bool is_task) {
  if (tally.signal != 0 || tally.is_disk_full || tally.left > 0) return core::kStartAgain;
  // Not all has come to its end. Who works on it may be gone: the same command finds the lock free then.
  if (tally.elsewhere > 0) return core::kStartAgain;
  if (is_task || tally.done > 0 || tally.failed == 0) return 0;
  if (tally.foreign > 0) return static_cast<int>(core::Fault::data);
  for (const sweep::PlannedJob& job : plan.jobs)
    if (sweep::state_of(job.id, folder, plan.search) == sweep::JobState::failed)
      return code_of_failure(sweep::read_failure(job.id, folder).exit_code);
  return static_cast<int>(core::Fault::numerical);  // members of banks that are done
}

}  // namespace equipoise::cli
