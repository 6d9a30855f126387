#pragma once

#include <algorithm>
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
#include "engine/models/learner.h"
#include "engine/training/run_state.h"
#include "engine/training/sampled_batches.h"
#include "engine/training/step.h"

namespace equipoise::training {

/// How a run survives being cut off: where it is saved, and what it goes on from.
struct CheckpointPlan {
  checkpoint::CheckpointParams params;
  std::filesystem::path folder;                  ///< of the checkpoints
  checkpoint::Fields belongs_to;                 ///< what is saved belongs to
  std::optional<checkpoint::Checkpoint> resume;  ///< where the run goes on; none any more once it does
  bool holds_an_earlier_run = false;             ///< where it is written, with nothing to go on from
  std::function<void()> before_saving = [] {};   ///< called before the first save
};

/// What the training of a bank holds between two steps, besides its step's own.
struct TrainingState {
  models::Learner& learner;
  std::vector<RunState>& runs;
  SampledBatches* batches;  ///< null where the config has no recipes
  std::int64_t& done;       ///< steps
  std::int64_t& measured_at;
  std::chrono::steady_clock::time_point& start;  ///< by which seconds are counted
  std::string measured_on;                       ///< what multipliers.measure_on is, where auto chose it too
};

/// The names and shapes of a learner's parameters, whose values are one buffer: another model can have as many numbers, and another weight in
/// each place. Restoring throws UserError (data), which names the first that is not the learner's own; `name` is the checkpoint's.
void walk_layout(const checkpoint::StateWalk& walk, const std::vector<models::NamedTensor>& parameters,
                 const std::string& name);

/// Called after each measure of a run (its place in the bank), so that a run that is cut off leaves what it measured.
using OnMeasurement = std::function<void(std::size_t run, const evaluation::Measurement&)>;

/// When a run saves itself, and what it says of that.
class Checkpoints {
 public:
  /// `plan` and `journal` must outlive this. Where plan.params are off nothing is saved.
  Checkpoints(CheckpointPlan& plan, core::Journal& journal);

  /// Where there is something to go on from: sets the state to it, and hands over what was measured until then. `steps`: of the whole
  /// training. Throws UserError (data) for a checkpoint that does not fit, (config) for one beyond the end.
  void go_on(const TrainingState& state, TrainingStep& step, std::int64_t steps, const OnMeasurement& on_measurement);

  /// After each step: where it is time, and the one before is written. What is saved is written while training goes on.
  void save_where_due(const TrainingState& state, TrainingStep& step);
  /// At the end, or before a stop: until it is on the disk.
  void save_and_wait(const TrainingState& state, TrainingStep& step);

  /// Whether any was given to be written, or gone on from.
  bool has_begun() const { return writer_.has_value() || resumed_step_ > 0; }
  /// The step of the newest that is whole on the disk; 0: there is none. What is being written is waited for by save_and_wait.
  std::int64_t newest() const { return std::max(writer_ ? writer_->saved_step() : 0, resumed_step_); }

 private:
  void walk(const checkpoint::StateWalk& walk, const TrainingState& state, TrainingStep& step, const std::string& name);
  void save(const TrainingState& state, TrainingStep& step);
  bool is_nothing_known(const TrainingState& state) const;
  void wait();
  void say_failure();

  CheckpointPlan& plan_;
  core::Journal& journal_;
  std::int64_t resumed_step_ = 0;
  bool is_due_ = false;
  std::chrono::steady_clock::time_point last_;
  std::string said_;
  std::optional<checkpoint::Writer> writer_;  // from the first save on
};

}  // namespace equipoise::training
