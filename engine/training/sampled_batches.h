#pragma once

#include <cstdint>

#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"
#include "engine/training/row_policy.h"
#include "engine/training/run_config.h"
#include "engine/training/run_state.h"

namespace equipoise::training {

/// Throws UserError (config) where a recipe waits for a gap (`until`) and no constraint of the table compares groups.
void check_gap_to_wait_for(const sampling::Sampler& sampler, const constraints::ConstraintTable& table,
                           const config::Origin& origin);

/// The recipes of a config while it trains: the sampler that decides, epoch by epoch, and the policy by which steps follow it.
class SampledBatches {
 public:
  /// `table` tells the recipes' groups apart (compile's `told_apart`); `data` must outlive this. Throws UserError (config) as Sampler and
  /// RowPolicy do, and where a recipe waits for a gap and no constraint compares groups.
  SampledBatches(const RunConfig& config, const data::Dataset& dataset, const DeviceData& data,
                 const constraints::ConstraintTable& table, const config::Origin& origin, core::Journal& journal);
  // The policy holds on to the sampler.
  SampledBatches(const SampledBatches&) = delete;
  SampledBatches& operator=(const SampledBatches&) = delete;

  RowPolicy& policy() { return policy_; }
  const sampling::SamplingLog& log() const { return sampler_.log(); }

  /// After `done` steps, `steps` of them in the epoch that ends: what the recipes say of the next, by what was measured of `run`.
  void end_epoch(std::int64_t done, std::int64_t steps, const RunState::Sums& sums, const RunState& run,
                 models::Learner& learner);

  /// What the recipes have come to.
  void walk(const checkpoint::StateWalk& walk);

 private:
  const DeviceData& data_;
  TrainingParams training_;
  std::uint64_t batch_seed_;
  sampling::Sampler sampler_;
  RowPolicy policy_;
};

}  // namespace equipoise::training
