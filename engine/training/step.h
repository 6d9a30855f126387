#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/constraints/multipliers.h"
#include "engine/constraints/params.h"
#include "engine/constraints/table.h"
#include "engine/models/learner.h"
#include "engine/training/device_data.h"
#include "engine/training/optimizer.h"
#include "engine/training/params.h"
#include "kernels/price/price.h"

namespace equipoise::training {

/// The constraint table as the price kernel reads it, on `device`.
kernels::RateTable to_rate_table(const constraints::ConstraintTable& table, const at::Device& device);

/// One training step of a bank after the other: draw rows, forward, measure, price, push, backward, move the weights.
/// All members see the same batch; where the data has F folds, member k takes no gradient from fold k modulo F. `table` gives the rates and the terms of the constraints, which are the same for all;
/// bounds, which may differ, do not enter a gradient.
class TrainingStep {
 public:
  /// learning_rates [K], before the schedule.
  TrainingStep(const DeviceData& data, const constraints::ConstraintTable& table,
               const constraints::MultiplierParams& multiplier_params, const OptimizerParams& optimizer_params,
               const std::vector<double>& learning_rates, std::int64_t batch_size, std::uint64_t seed,
               models::Learner& learner);

  /// `schedule` scales every learning rate. A member whose logits or gradients are not finite is stopped: its weights stay as they were
  /// before the step.
  void run(std::int64_t step, double schedule);

  void set_multipliers(std::int64_t member, const std::vector<double>& values);

  /// [K] whether each member still moves. On CUDA this waits for the steps before.
  std::vector<bool> alive() const;
  /// Which tensor of a stopped member left the finite numbers, and where, as far as the last step still shows it.
  std::string failure_of(std::int64_t member) const;

 private:
  at::Tensor prices_of(const at::Tensor& sums);

  const DeviceData& data_;
  models::Learner& learner_;
  std::unique_ptr<Optimizer> optimizer_;
  kernels::RateTable table_;
  double temperature_, averaging_;
  std::uint64_t batch_seed_;
  at::Tensor rows_;            // [B] i64
  at::Tensor step_;            // [1] i64
  at::Tensor learns_from_;     // [K, F, 1] f64, 0 for a member's own fold; undefined with one fold
  at::Tensor priced_folds_;    // [K, 1, F, 1] f32, the same for prices
  at::Tensor averages_;        // [K, C, 4] f64
  at::Tensor averaged_steps_;  // [1] i64
  at::Tensor multipliers_;     // [K, J] f64
  at::Tensor full_rates_;      // [K] f64, before the schedule
  at::Tensor learning_rates_;  // [K] f64, of this step
  at::Tensor logits_;          // [K, B] f32, of the last step
  at::Tensor logit_gradient_;  // [K, B] f32
};

}  // namespace equipoise::training
