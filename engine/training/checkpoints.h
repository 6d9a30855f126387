#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/params.h"
#include "engine/checkpoint/writer.h"
#include "engine/core/journal.h"

namespace equipoise::training {

/// How a run survives being cut off: where it is saved, and what it goes on from.
struct CheckpointPlan {
  checkpoint::CheckpointParams params;
  std::filesystem::path folder;                  ///< of the checkpoints
  checkpoint::Fields belongs_to;                 ///< what is saved belongs to
  std::optional<checkpoint::Checkpoint> resume;  ///< where the run goes on
  std::string name;                              ///< what messages call that
  bool holds_an_earlier_run = false;             ///< where it is written, with nothing to go on from
  std::function<void()> before_saving = [] {};   ///< called before the first save
};

/// When a run saves itself, and what it says of that.
class Checkpoints {
 public:
  Checkpoints(const CheckpointPlan& plan, core::Journal& journal);

  /// After step `done`: whether it is time, and the one before is written.
  bool is_due(std::int64_t done);
  /// `best` are the steps of the best iterates so far, 0 for none. What is written is written while training goes on.
  void save(std::int64_t done, checkpoint::State state, const std::vector<std::int64_t>& best);
  /// Until what was given is written; says what went wrong.
  void wait();

  /// Whether there is anything to go on from.
  bool has_any() const { return plan_.resume.has_value() || writer_.saved_step() > 0; }
  bool has(std::int64_t step) const {
    return writer_.saved_step() == step || (plan_.resume && plan_.resume->step == step);
  }

 private:
  void say_failure();

  const CheckpointPlan& plan_;
  core::Journal& journal_;
  bool is_pending_ = false, has_begun_ = false;
  std::chrono::steady_clock::time_point last_;
  std::string said_;
  checkpoint::Writer writer_;
};

}  // namespace equipoise::training
