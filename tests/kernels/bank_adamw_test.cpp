#include "kernels/bank_adamw/bank_adamw.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/kernels/bank_adamw_sample.h"
#include "tests/kernels/failure.h"

namespace equipoise::kernels {
namespace bank_adamw_test {

using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(BankAdamW, ByHand) {
  at::Tensor parameters = at::tensor({1.0f, -2.0f, 0.0f}).view({1, 3});
  const at::Tensor gradients = at::tensor({0.5f, -3.0f, 0.0f}).view({1, 3});
  BankAdamWState state = make_bank_adamw_state(parameters);
  BankAdamWRule rule;
  rule.weight_decay = 0.1;
  bank_adamw_(parameters, gradients, state, at::full({1}, 0.01, at::kDouble), rule);
  // The first step's means are the gradient and its square: each parameter moves by the rate against the gradient's sign,
  // after decaying by 1 - 0.01 * 0.1.
  const at::Tensor expected = at::tensor({0.999f - 0.01f, -1.998f + 0.01f, 0.0f}).view({1, 3});
  EXPECT_TRUE(at::allclose(parameters, expected, 1e-6, 1e-7)) << parameters;
  EXPECT_EQ(state.steps.item<std::int64_t>(), 1);
  EXPECT_NEAR(state.norms.item<double>(), std::sqrt(9.25), 1e-12);
}

struct Shape {
  std::int64_t members, parameters;
};

class BankAdamWShapes : public testing::TestWithParam<Shape> {};

TEST_P(BankAdamWShapes, AgreesWithAnOracleInDouble) {
  const auto [members, parameters] = GetParam();
  for (const double clip : {0.0, 0.5}) {
    BankSample sample = bank_sample(members, parameters, 3);
    BankAdamWState state = make_bank_adamw_state(sample.parameters);
    AdamWOracle oracle(sample.parameters);
    BankAdamWRule rule;
    rule.weight_decay = 0.05;
    rule.clip_norm = clip;
    for (int step = 0; step < 5; ++step) {
      const at::Tensor gradients = at::randn({members, parameters}) * (step + 1);
      bank_adamw_(sample.parameters, gradients, state, sample.learning_rates, rule);
      oracle.step(gradients, sample.learning_rates, rule);
    }
    EXPECT_TRUE(at::allclose(sample.parameters.to(at::kDouble), oracle.parameters, 1e-5, 1e-6)) << "clip " << clip;
    EXPECT_TRUE(at::allclose(state.mean.to(at::kDouble), oracle.mean, 1e-5, 1e-6)) << "clip " << clip;
  }
}

INSTANTIATE_TEST_SUITE_P(Edges, BankAdamWShapes,
                         testing::Values(Shape{1, 0}, Shape{1, 1}, Shape{3, 31}, Shape{2, 32}, Shape{1, 33},
                                         Shape{3, 1023}, Shape{1, 1025}, Shape{64, 40}, Shape{256, 3},
                                         Shape{2, 70001}));

TEST(BankAdamW, EmptyBankDoesNothing) {
  BankSample sample = bank_sample(0, 5, 3);
  BankAdamWState state = make_bank_adamw_state(sample.parameters);
  bank_adamw_(sample.parameters, sample.gradients, state, sample.learning_rates, {});
  EXPECT_EQ(state.steps.size(0), 0);
}

TEST(BankAdamW, ClipsOnlyTheMemberWhoseGradientIsLong) {
  at::Tensor parameters = at::zeros({2, 2});
  const at::Tensor gradients = at::tensor({3.0f, 4.0f, 0.3f, 0.4f}).view({2, 2});
  BankAdamWState state = make_bank_adamw_state(parameters);
  BankAdamWRule rule;
  rule.clip_norm = 1;
  bank_adamw_(parameters, gradients, state, at::full({2}, 0.1, at::kDouble), rule);
  // Norms 5 and .5: the first gradient becomes (.6, .8), and a tenth of it the mean.
  EXPECT_TRUE(at::allclose(state.mean, at::tensor({0.06f, 0.08f, 0.03f, 0.04f}).view({2, 2}), 1e-6, 1e-8))
      << state.mean;
  EXPECT_TRUE(at::allclose(state.norms, at::tensor({5.0, 0.5}, at::kDouble), 1e-7));
}

TEST(BankAdamW, AMemberIsTheSameInABankOfAnySizeAndOrder) {
  const std::int64_t parameters = 10007;
  const BankSample sample = bank_sample(5, parameters, 4);
  const at::Tensor order = at::tensor({3, 1, 4, 0, 2}, at::kLong);
  const auto trained = [&](const at::Tensor& members) {
    at::Tensor moved = sample.parameters.index_select(0, members);
    BankAdamWState state = make_bank_adamw_state(moved);
    BankAdamWRule rule;
    rule.clip_norm = 60;
    for (int step = 0; step < 3; ++step) {
      bank_adamw_(moved, sample.gradients.index_select(0, members), state,
                  sample.learning_rates.index_select(0, members), rule);
    }
    return moved;
  };
  const at::Tensor whole = trained(at::arange(5)), turned = trained(order);
  for (std::int64_t k = 0; k < 5; ++k) {
    EXPECT_TRUE(at::equal(turned[k], whole[order[k].item<std::int64_t>()])) << k;
    EXPECT_TRUE(at::equal(trained(at::full({1}, k, at::kLong))[0], whole[k])) << k;
  }
}

TEST(BankAdamW, SameBitsForOneAndTwoThreads) {
  const int before = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    BankSample sample = bank_sample(3, 100003, 5);
    BankAdamWState state = make_bank_adamw_state(sample.parameters);
    BankAdamWRule rule;
    rule.clip_norm = 1;
    bank_adamw_(sample.parameters, sample.gradients, state, sample.learning_rates, rule);
    results.push_back(sample.parameters);
  }
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(results[0], results[1]));
}

TEST(BankAdamW, AMemberWithoutAFiniteGradientStopsAndOthersGoOn) {
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    BankSample sample = bank_sample(3, 5000, 6);
    BankAdamWState state = make_bank_adamw_state(sample.parameters);
    bank_adamw_(sample.parameters, sample.gradients, state, sample.learning_rates, {});
    const at::Tensor before = sample.parameters.clone(), mean_before = state.mean.clone();
    sample.gradients[1][4999] = bad;
    bank_adamw_(sample.parameters, sample.gradients, state, sample.learning_rates, {});
    EXPECT_TRUE(at::equal(state.alive, at::tensor({1, 0, 1}, at::kByte)));
    EXPECT_TRUE(at::equal(state.steps, at::tensor({2, 1, 2}, at::kLong)));
    EXPECT_TRUE(at::equal(sample.parameters[1], before[1]));
    EXPECT_TRUE(at::equal(state.mean[1], mean_before[1]));
    EXPECT_FALSE(at::equal(sample.parameters[0], before[0]));
    EXPECT_FALSE(at::equal(sample.parameters[2], before[2]));
    // A finite gradient does not bring it back.
    sample.gradients[1].fill_(1);
    bank_adamw_(sample.parameters, sample.gradients, state, sample.learning_rates, {});
    EXPECT_TRUE(at::equal(sample.parameters[1], before[1]));
  }
}

TEST(BankAdamW, GradientsWhoseSquaresLeaveFloatAreStillMeasured) {
  at::Tensor parameters = at::zeros({1, 2});
  BankAdamWState state = make_bank_adamw_state(parameters);
  BankAdamWRule rule;
  rule.clip_norm = 1;
  bank_adamw_(parameters, at::full({1, 2}, 3e30f), state, at::full({1}, 0.1, at::kDouble), rule);
  EXPECT_NEAR(state.norms.item<double>() / 4.2426406871e30, 1, 1e-6);
  EXPECT_EQ(state.alive.item<int>(), 1);
  EXPECT_TRUE(parameters.isfinite().all().item<bool>());
}

TEST(BankAdamW, AGradientThatFloatCannotSquareStopsItsMember) {
  at::Tensor parameters = at::ones({2, 2});
  const at::Tensor gradients = at::tensor({3e22f, 0.0f, 1e19f, 0.0f}).view({2, 2});
  BankAdamWState state = make_bank_adamw_state(parameters);
  bank_adamw_(parameters, gradients, state, at::full({2}, 0.1, at::kDouble), BankAdamWRule());
  EXPECT_TRUE(state.alive.equal(at::tensor({0, 1}, at::kByte)));
  EXPECT_TRUE(parameters[0].equal(at::ones({2})));
  EXPECT_TRUE(state.square.isfinite().all().item<bool>());
}

TEST(BankAdamW, RefusesWhatDoesNotFit) {
  const auto run = [](auto&& change) {
    BankSample sample = bank_sample(2, 4, 7);
    BankAdamWState state = make_bank_adamw_state(sample.parameters);
    BankAdamWRule rule;
    change(sample, state, rule);
    return failure([&] { bank_adamw_(sample.parameters, sample.gradients, state, sample.learning_rates, rule); });
  };
  using S = BankSample&;
  using T = BankAdamWState&;
  using R = BankAdamWRule&;
  EXPECT_EQ(run([](S, T, R) {}), "no error");
  EXPECT_THAT(run([](S s, T, R) {
                s.gradients = at::zeros({2, 5});
              }),
              HasSubstr("bank_adamw: gradients has shape [2, 5], expected [2, 4]"));
  EXPECT_THAT(run([](S s, T, R) { s.gradients = s.gradients.to(at::kDouble); }),
              HasSubstr("gradients has type Double, expected Float"));
  EXPECT_THAT(run([](S s, T, R) { s.gradients = at::zeros({4, 2}).t(); }), HasSubstr("gradients is not contiguous"));
  EXPECT_THAT(run([](S s, T, R) { s.parameters = at::zeros({8}); }),
              HasSubstr("parameters has shape [8], expected [K, P]"));
  EXPECT_THAT(run([](S s, T, R) { s.learning_rates = at::zeros({3}, at::kDouble); }),
              HasSubstr("learning_rates has shape [3], expected [2]"));
  EXPECT_THAT(run([](S, T t, R) { t.steps = t.steps.to(at::kInt); }), HasSubstr("steps has type Int, expected Long"));
  EXPECT_THAT(run([](S, T t, R) { t.mean = at::Tensor(); }), HasSubstr("mean is an undefined tensor"));
  EXPECT_THAT(run([](S s, T, R) { s.learning_rates[1] = kNan; }),
              HasSubstr("learning_rates[1] is nan, expected a finite number from 0"));
  EXPECT_THAT(run([](S s, T, R) { s.learning_rates[0] = -1; }), HasSubstr("learning_rates[0] is -1"));
  EXPECT_THAT(run([](S, T, R r) { r.beta1 = 1; }), HasSubstr("beta1 is 1, expected 0 to below 1"));
  EXPECT_THAT(run([](S, T, R r) { r.epsilon = 0; }), HasSubstr("epsilon is 0"));
  EXPECT_THAT(run([](S, T, R r) { r.weight_decay = kInfinity; }), HasSubstr("weight_decay is inf"));
  EXPECT_THAT(run([](S, T, R r) { r.clip_norm = -2; }), HasSubstr("clip_norm is -2"));
}

}  // namespace bank_adamw_test
}  // namespace equipoise::kernels
