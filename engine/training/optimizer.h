#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "engine/checkpoint/state.h"
#include "engine/training/params.h"

namespace equipoise::training {

/// Moves the parameters of a bank by their gradients, each member at its own learning rate. A step takes no tensor memory
/// and reads nothing from the host.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// parameters, gradients [K, P]; learning_rates [K] f64. A member whose gradient is not finite is stopped on the spot:
  /// its parameters stay as they are from then on.
  virtual void step(at::Tensor& parameters, const at::Tensor& gradients, const at::Tensor& learning_rates) = 0;

  /// [K] u8: 0 for a member that was stopped. On the device: reading it waits for the steps before.
  virtual const at::Tensor& alive() const = 0;

  /// What it keeps from one step to the next.
  virtual void walk(const checkpoint::StateWalk& walk) = 0;
};

/// AdamW (kernels/bank_adamw) or SGD with momentum (PyTorch's form), both after clipping each member's gradient.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerParams& params, const at::Tensor& parameters);

/// What a step's learning rate is of the full one: 1, or from 1 down to 0 by half a cosine or a line; before that, for the
/// share `warm_up` of the steps, up to 1 by a line that does not start at 0.
double schedule_factor(const TrainingParams& params, std::int64_t step, std::int64_t steps);
/// [steps] that of every step.
std::vector<double> schedule_factors(const TrainingParams& params, std::int64_t steps);

}  // namespace equipoise::training
