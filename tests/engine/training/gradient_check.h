#pragma once

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "engine/training/step.h"
#include "tests/engine/training/generated_people.h"

namespace equipoise::training {

/// A linear model for the data, whose Lagrangian is as smooth as its constraints.
inline std::unique_ptr<models::Learner> linear_model(const DeviceData& data) {
  models::ModelParams model;
  model.kind = "linear";
  return models::make_learner(model, data.host, {4}, at::kCPU, models::Precision::fp32, data.kernel.outputs);
}

/// Takes one step of plain descent over all training rows, whose averages are then its own sums, and holds it against central
/// differences of `lagrangian()` by every parameter, to `tolerance` (1 + size). Returns the largest size of any.
inline double expect_step_against(const std::function<double()>& lagrangian, const DeviceData& data,
                                  const constraints::ConstraintTable& table, TrainingParams training,
                                  const std::vector<double>& multipliers, models::Learner& learner, double tolerance,
                                  RowPolicy* policy = nullptr, const SoftTargetParams& soft_targets = {}) {
  training.batch_size = data.train.count;
  training.schedule = "constant";
  training.optimizer.kind = "sgd";
  training.optimizer.momentum = training.optimizer.weight_decay = 0;
  constexpr double kRate = 1e-3, kStep = 1e-3;
  TrainingStep step(data, table, {}, training, {kRate}, 5, 7, learner, policy, soft_targets);
  step.set_multipliers(0, multipliers);
  const at::Tensor before = learner.flat_parameters().clone();
  step.run();
  const at::Tensor gradient = ((before - learner.flat_parameters()) / kRate).squeeze(0);
  learner.flat_parameters().copy_(before);
  const at::Tensor parameters = learner.flat_parameters().squeeze(0);
  double largest = 0;
  for (std::int64_t p = 0; p < parameters.numel(); ++p) {
    const double at_start = parameters[p].item<double>();
    parameters[p].fill_(at_start + kStep);
    const double above = lagrangian();
    parameters[p].fill_(at_start - kStep);
    const double below = lagrangian();
    parameters[p].fill_(at_start);
    const double expected = (above - below) / (2 * kStep);
    largest = std::max(largest, std::abs(expected));
    EXPECT_NEAR(gradient[p].item<double>(), expected, tolerance * (1 + std::abs(expected))) << "parameter " << p;
  }
  return largest;
}

}  // namespace equipoise::training
