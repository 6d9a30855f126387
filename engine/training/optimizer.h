#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "engine/training/params.h"

namespace equipoise::training {

/// Moves flat parameters [P] by flat gradients [P], in place.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual void step(at::Tensor& parameters, const at::Tensor& gradients, double learning_rate) = 0;
};

/// AdamW (Loshchilov and Hutter 2019) or SGD with momentum (PyTorch's form), through LibTorch's fused kernels.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerParams& params, const at::Tensor& parameters);

/// The learning rate of a step: constant, or half a cosine from `learning_rate` down to 0.
double scheduled_rate(const TrainingParams& params, std::int64_t step, std::int64_t steps);

}  // namespace equipoise::training
