#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {

/// Runs one command as the ranks of a run, as launchers do: the same words in as many processes, which know of each other by
/// environment variables alone.
class RankedWorkspace : public Workspace {
 protected:
  using Variables = std::map<std::string, std::string>;

  /// torchrun's variables without torchrun.
  static Variables by_torchrun(int rank, int ranks, int port);
  static int free_port();

  struct Plan {
    int ranks = 2;
    std::function<Variables(int rank, int port)> variables = {};  ///< torchrun's where there are none
    std::map<int, std::vector<std::string>> own_words = {};       ///< of one rank alone, after those of all
    std::map<int, std::filesystem::path> own_folder = {};
    std::map<int, double> seconds_late = {};
    int stopped = 0;  ///< how many `when_training` stops
    /// Called once when rank 0 has measured something that was not there before, with the processes.
    std::function<void(const std::vector<pid_t>&)> when_training = {};
  };
  /// What each rank left. Processes that were stopped are ended when the others are done.
  std::vector<Outcome> run_ranks(const std::vector<std::string>& words, const Plan& plan) const;
  std::vector<Outcome> run_ranks(const std::vector<std::string>& words, int ranks) const {
    return run_ranks(words, Plan{ranks});
  }

  /// Seconds from `when_training` to the last rank's end, of the last run.
  mutable double seconds_after_ = 0;
};

/// The numbers of a model.safetensors, tensor after tensor.
std::vector<float> weights_in(const std::string& safetensors);

}  // namespace equipoise::end_to_end
