#include "engine/training/optimizer.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace equipoise::training {
namespace optimizer_test {

TEST(AdamW, ThreeStepsByTheFormulaInDouble) {
  OptimizerParams params;
  params.weight_decay = 0.1;
  at::Tensor weight = at::full({1, 1}, 2.0, at::kFloat);
  const auto optimizer = make_optimizer(params, weight);
  double w = 2.0, m = 0, v = 0;
  for (int t = 1; t <= 3; ++t) {
    const double gradient = 0.5 * t, rate = 0.01;
    optimizer->step(weight, at::full({1, 1}, gradient, at::kFloat), at::full({1}, rate, at::kDouble));
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
  at::Tensor weight = at::full({1, 1}, 2.0, at::kFloat);
  const auto optimizer = make_optimizer(params, weight);
  double w = 2.0, momentum = 0;
  for (int t = 1; t <= 3; ++t) {
    const double gradient = 0.5 * t, rate = 0.01;
    optimizer->step(weight, at::full({1, 1}, gradient, at::kFloat), at::full({1}, rate, at::kDouble));
    const double decayed = gradient + 0.1 * w;
    momentum = t == 1 ? decayed : 0.8 * momentum + decayed;
    w -= rate * momentum;
    EXPECT_NEAR(weight.item<float>(), w, 1e-6) << "step " << t;
  }
}

class EveryOptimizer : public testing::TestWithParam<const char*> {};

TEST_P(EveryOptimizer, MovesEachMemberAtItsOwnRateAndStopsTheOneThatIsNotFinite) {
  OptimizerParams params;
  params.kind = GetParam();
  at::Tensor weights = at::ones({3, 4});
  const auto optimizer = make_optimizer(params, weights);
  at::Tensor gradients = at::ones({3, 4});
  const at::Tensor rates = at::tensor({0.0, 0.1, 0.2}, at::kDouble);
  optimizer->step(weights, gradients, rates);
  EXPECT_TRUE(at::equal(weights[0], at::ones({4}))) << "a rate of 0 moves nothing";
  EXPECT_TRUE(at::allclose(2 * (at::ones({4}) - weights[1]), at::ones({4}) - weights[2], 1e-4)) << weights;
  const at::Tensor before = weights.clone();
  gradients[2][3] = std::numeric_limits<float>::infinity();
  optimizer->step(weights, gradients, rates);
  EXPECT_TRUE(at::equal(optimizer->alive(), at::tensor({1, 1, 0}, at::kByte)));
  EXPECT_TRUE(at::equal(weights[2], before[2]));
  EXPECT_FALSE(at::equal(weights[1], before[1]));
  gradients.fill_(1);
  optimizer->step(weights, gradients, rates);
  EXPECT_TRUE(at::equal(weights[2], before[2])) << "a stopped member does not move again";
}

TEST_P(EveryOptimizer, ClipsALongGradientToTheNorm) {
  OptimizerParams params;
  params.kind = GetParam();
  params.weight_decay = 0;
  params.momentum = 0;
  params.epsilon = 1;  // so that AdamW's step shows the gradient's length too
  params.clip_norm = 1;
  at::Tensor clipped = at::zeros({1, 2}), short_one = at::zeros({1, 2});
  make_optimizer(params, clipped)->step(clipped, at::tensor({30.0f, 40.0f}).view({1, 2}), at::ones({1}, at::kDouble));
  make_optimizer(params, short_one)->step(short_one, at::tensor({0.6f, 0.8f}).view({1, 2}), at::ones({1}, at::kDouble));
  EXPECT_TRUE(at::allclose(clipped, short_one, 1e-5)) << clipped << short_one;
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryOptimizer, testing::Values("adamw", "sgd"));

TEST(ScheduleFactor, CosineGoesFromTheRateToZero) {
  TrainingParams params;
  EXPECT_DOUBLE_EQ(0.4 * schedule_factor(params, 0, 100), 0.4);
  EXPECT_NEAR(0.4 * schedule_factor(params, 50, 100), 0.2, 1e-12);
  EXPECT_NEAR(0.4 * schedule_factor(params, 100, 100), 0.0, 1e-12);
  params.schedule = "constant";
  EXPECT_DOUBLE_EQ(0.4 * schedule_factor(params, 99, 100), 0.4);
  params.schedule = "linear";
  EXPECT_DOUBLE_EQ(schedule_factor(params, 0, 100), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(params, 25, 100), 0.75);
}

TEST(ScheduleFactor, ClimbsBeforeItGoesDown) {
  TrainingParams params;
  params.warm_up = 0.1;
  params.schedule = "linear";
  EXPECT_DOUBLE_EQ(schedule_factor(params, 0, 40), 0.2);  // 4 of 40 steps: a fifth, two, three, four
  EXPECT_DOUBLE_EQ(schedule_factor(params, 3, 40), 0.8);
  EXPECT_DOUBLE_EQ(schedule_factor(params, 4, 40), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(params, 13, 40), 0.75);
  params.schedule = "cosine";
  EXPECT_DOUBLE_EQ(schedule_factor(params, 4, 40), 1);
  EXPECT_NEAR(schedule_factor(params, 22, 40), 0.5, 1e-12);
  EXPECT_DOUBLE_EQ(schedule_factors(params, 40)[2], 0.6);
}

}  // namespace optimizer_test
}  // namespace equipoise::training
