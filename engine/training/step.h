#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
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

/// One training step after the other: draw rows, forward, measure, price, push, backward, move the weights.
class TrainingStep {
 public:
  TrainingStep(const DeviceData& data, const constraints::ConstraintTable& table,
               const constraints::MultiplierParams& multiplier_params, const OptimizerParams& optimizer_params,
               std::int64_t batch_size, std::uint64_t seed, models::Learner& learner);

  /// Throws UserError (numerical) when logits or gradients are not finite, naming step and tensor; the weights are then
  /// as before the step.
  void run(std::int64_t step, double learning_rate);

  void set_multipliers(const std::vector<double>& values);

 private:
  static void check_finite(std::int64_t step, const at::Tensor& values, const char* name);

  const DeviceData& data_;
  models::Learner& learner_;
  std::unique_ptr<Optimizer> optimizer_;
  kernels::RateTable table_;
  double temperature_, averaging_;
  std::uint64_t batch_seed_;
  at::Tensor rows_;            // [B] i64
  at::Tensor step_;            // [1] i64
  at::Tensor averages_;        // [K, C, 4] f64
  at::Tensor averaged_steps_;  // [1] i64
  at::Tensor multipliers_;     // [K, J] f64
  at::Tensor logit_gradient_;  // [K, B] f32
};

}  // namespace equipoise::training
