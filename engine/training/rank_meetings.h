#pragma once

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/error.h"
#include "engine/distributed/ranks.h"
#include "engine/models/learner.h"
#include "engine/training/run_config.h"
#include "engine/training/run_state.h"
#include "engine/training/step.h"

namespace equipoise::training {

/// What the ranks of a run tell each other beside a step's sums; of one rank alone, nothing but its signals is looked at.
class RankMeetings {
 public:
  /// `check_every` steps the ranks compare their weights and multipliers; 0: only before the first. `starts_again`: whether a signal that came to another rank
  /// is a scheduler's (core::expect_preemption). `ranks` must outlive this.
  RankMeetings(const distributed::Ranks& ranks, std::int64_t check_every, bool starts_again)
      : ranks_(ranks), check_every_(check_every), signal_(SIGTERM, starts_again) {}

  /// Before the first step. Throws UserError (config) on all ranks where they start with different weights or multipliers.
  void start(std::int64_t done, models::Learner& learner, const std::vector<RunState>& runs) const;
  /// Before each step, which tells the others of a signal that has come to this rank.
  void before(TrainingStep& step);
  /// After `done` steps. Throws UserError (numerical) on all ranks where their weights or multipliers differ.
  void after(std::int64_t done, models::Learner& learner, const std::vector<RunState>& runs) const;
  /// Whether a signal has come to any rank: on all of them after the same step. `may_wait`: whether the host may wait for the device, as it
  /// does for a measure.
  bool is_to_stop(const TrainingStep& step, std::int64_t done, bool may_wait) const;
  /// Once all are to stop: each rank hears what signal it was that another got.
  void agree_on_signal();
  /// Throws core::Interrupted.
  [[noreturn]] void stop() const;

 private:
  void hear_own();

  const distributed::Ranks& ranks_;
  std::int64_t check_every_;
  core::Interrupted signal_;  // the first that has come to this rank, else to another
  bool has_signal_ = false;   // to this rank
};

/// Throws UserError (config) where a batch has more rows than training, or fewer than there are ranks.
void check_batch(const RunConfig& config, std::int64_t training_rows, const distributed::Ranks& ranks,
                 const config::Origin& origin);

/// ", shared by 4 ranks", or "".
std::string sharing_by(const distributed::Ranks& ranks);

}  // namespace equipoise::training
