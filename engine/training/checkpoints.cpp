#include "engine/training/checkpoints.h"

#include <fmt/format.h>

namespace equipoise::training {

Checkpoints::Checkpoints(const CheckpointPlan& plan, core::Journal& journal)
    : plan_(plan),
      journal_(journal),
      last_(std::chrono::steady_clock::now()),
      writer_(plan.folder, plan.params.keep, plan.params.keep_best) {}

bool Checkpoints::is_due(std::int64_t done) {
  if (plan_.params.every_steps > 0 && done % plan_.params.every_steps == 0) is_pending_ = true;
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - last_;
  if (plan_.params.every_seconds > 0 && since.count() >= plan_.params.every_seconds) is_pending_ = true;
  return is_pending_ && writer_.is_free();
}

void Checkpoints::save(std::int64_t done, checkpoint::State state, const std::vector<std::int64_t>& best) {
  say_failure();
  if (!has_begun_) plan_.before_saving();
  has_begun_ = true;
  is_pending_ = false;
  last_ = std::chrono::steady_clock::now();
  writer_.save({done, plan_.belongs_to, std::move(state)}, best);
}

void Checkpoints::wait() {
  writer_.wait();
  say_failure();
}

// A disk that takes no checkpoint is no reason to stop a run that needs none.
void Checkpoints::say_failure() {
  const std::string failure = writer_.take_failure();
  if (failure.empty() || failure == said_) return;
  said_ = failure;
  const std::int64_t saved = writer_.saved_step();
  journal_.warn(fmt::format("A checkpoint could not be written: {}. Training goes on; {}.", failure,
                            saved > 0      ? fmt::format("the newest whole one is of step {}", saved)
                            : plan_.resume ? fmt::format("the newest whole one is of step {}", plan_.resume->step)
                                           : "there is none yet"));
}

}  // namespace equipoise::training
