#pragma once

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {

using Words = std::vector<std::string>;

/// Runs that save themselves, are cut off and go on.
class Resume : public Workspace {
 protected:
  // A run that saves itself as often as the disk lets it, of some hundred steps.
  Words train(const std::string& run_name, const Words& more = {}) const {
    Words words = {"train",
                   "config.yaml",
                   "output.run=" + run_name,
                   "threads=1",
                   "training.epochs=40",
                   "multipliers.measures_per_epoch=2",
                   "model.dropout=0.2",
                   "checkpoint.every_steps=5",
                   "checkpoint.every_seconds=0"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  std::string model_of(const std::string& run_name) const { return read("runs/" + run_name + "/model.safetensors"); }
  std::string status_of(const std::string& run_name) const {
    return nlohmann::json::parse(read("runs/" + run_name + "/run.json"))["status"];
  }
  Words checkpoints_of(const std::string& run_name) const { return names_in("runs/" + run_name + "/checkpoints"); }

  mutable std::chrono::steady_clock::time_point signalled_;  // when stopped() last sent one

  // Lets a run train until it has a checkpoint of this step or a later one, and then sends it this.
  Outcome stopped(const Words& words, const std::string& run_name, int signal, int step = 0) const {
    Manner manner;
    manner.while_running = [&](pid_t child) {
      wait_for_step(run_name, step);
      signalled_ = std::chrono::steady_clock::now();
      ::kill(child, signal);
    };
    return run(words, manner);
  }

  void wait_for_step(const std::string& run_name, int step) const {
    const std::string least = "step-" + std::string(12 - std::to_string(step).size(), '0') + std::to_string(step);
    for (int i = 0; i < 6000; ++i) {
      const Words names = checkpoints_of(run_name);
      if (!names.empty() && names.back() >= least) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << "no checkpoint of step " << step << " came";
  }

  // Until it saves once more, or ends.
  void wait_for_another_step(const std::string& run_name, pid_t child) const {
    const Words before = checkpoints_of(run_name);
    siginfo_t ended = {};
    while (checkpoints_of(run_name) == before) {
      if (::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid != 0)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  // Runs it to its end, whatever stopped it before.
  void finish(const Words& words) const {
    Words again = words;
    again.push_back("--resume=auto");
    const Outcome outcome = run(again);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
};

}  // namespace equipoise::end_to_end
