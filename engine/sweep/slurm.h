#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace equipoise::sweep {

struct SlurmOptions {
  std::string name;
  std::string command;  ///< a shell's line that goes on with the sweep, to which the task is added
  std::string logs;     ///< folder, absolute
  std::size_t jobs = 0;
  std::size_t at_a_time = 0;         ///< 0: as many as the cluster has room for
  std::size_t largest_array = 1001;  ///< Slurm's MaxArraySize
  bool wants_gpu = false;
};

/// A batch script for sbatch: an array of tasks, each of which does every so many-th job, and is queued again when it is stopped.
/// Partition, time and memory are sbatch's own options. Throws UserError (config) for a folder whose name a script cannot hold.
std::string slurm_script(const SlurmOptions& options);

/// MaxArraySize as this machine's Slurm says; nothing where there is none.
std::optional<std::size_t> largest_slurm_array();

}  // namespace equipoise::sweep
