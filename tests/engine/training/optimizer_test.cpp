#include "engine/training/optimizer.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>

namespace equipoise::training {
namespace {

TEST(AdamW, ThreeStepsByTheFormulaInDouble) {
  OptimizerParams params;
  params.weight_decay = 0.1;
  at::Tensor weight = at::full({1}, 2.0, at::kFloat);
  const auto optimizer = make_optimizer(params, weight);
  double w = 2.0, m = 0, v = 0;
  for (int t = 1; t <= 3; ++t) {
    const double gradient = 0.5 * t, rate = 0.01;
    optimizer->step(weight, at::full({1}, gradient, at::kFloat), rate);
    w -= rate * 0.1 * w;
    m = 0.9 * m + 0.1 * gradient;
    v = 0.999 * v + 0.001 * gradient * gradient;
    w -= rate * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    EXPECT_NEAR(weight.item<float>(), w, 1e-6) << "step " << t;
  }
}

TEST(Sgd, ThreeStepsByTheFormulaInDouble) {
  OptimizerParams params;
  params.kind = "sgd";
  params.weight_decay = 0.1;
  params.momentum = 0.8;
  at::Tensor weight = at::full({1}, 2.0, at::kFloat);
  const auto optimizer = make_optimizer(params, weight);
  double w = 2.0, momentum = 0;
  for (int t = 1; t <= 3; ++t) {
    const double gradient = 0.5 * t, rate = 0.01;
    optimizer->step(weight, at::full({1}, gradient, at::kFloat), rate);
    const double decayed = gradient + 0.1 * w;
    momentum = t == 1 ? decayed : 0.8 * momentum + decayed;
    w -= rate * momentum;
    EXPECT_NEAR(weight.item<float>(), w, 1e-6) << "step " << t;
  }
}

TEST(ScheduledRate, CosineGoesFromTheRateToZero) {
  TrainingParams params;
  params.optimizer.learning_rate = 0.4;
  EXPECT_DOUBLE_EQ(scheduled_rate(params, 0, 100), 0.4);
  EXPECT_NEAR(scheduled_rate(params, 50, 100), 0.2, 1e-12);
  EXPECT_NEAR(scheduled_rate(params, 100, 100), 0.0, 1e-12);
  params.schedule = "constant";
  EXPECT_DOUBLE_EQ(scheduled_rate(params, 99, 100), 0.4);
}

}  // namespace
}  // namespace equipoise::training
