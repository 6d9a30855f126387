#include "kernels/activate/activate.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/activate/activate_math.h"
#include "tests/kernels/failure.h"

namespace equipoise::kernels {
namespace activate_test {

using testing::HasSubstr;

at::Tensor random_floats(at::IntArrayRef shape, unsigned seed) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  std::mt19937 random(seed);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    tensor.data_ptr<float>()[i] = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
  }
  return tensor;
}

Dropout dropout(std::int64_t members, std::int64_t rate_256, std::int64_t step = 5, std::int64_t layer = 1) {
  at::Tensor seeds = at::empty({members}, at::kLong);
  for (std::int64_t k = 0; k < members; ++k) seeds.data_ptr<std::int64_t>()[k] = 1000 + k;
  return {seeds, at::full({1}, step, at::kLong), layer, rate_256};
}

TEST(Activate, ByHandWithoutDropout) {
  at::Tensor x = at::tensor({-1.0, 0.5, 2.0, -3.0}, at::kFloat).view({1, 2, 2});
  activate_(x, at::tensor({0.25, 1.0}, at::kFloat).view({1, 2}), {});
  // -1 + .25 < 0; .5 + 1; 2 + .25; -3 + 1 < 0
  EXPECT_TRUE(at::equal(x.view({4}), at::tensor({0.0, 1.5, 2.25, 0.0}, at::kFloat)));
}

class ActivateShapes : public testing::TestWithParam<std::tuple<int, int, int>> {};

TEST_P(ActivateShapes, AgreesWithTheDefinition) {
  const auto [members, rows, units] = GetParam();
  const at::Tensor before = random_floats({members, rows, units}, 1), bias = random_floats({members, units}, 2);
  at::Tensor x = before.clone();
  const Dropout drop = dropout(members, 77);
  activate_(x, bias, drop);
  const float scale = 256.0f / (256 - 77);
  for (std::int64_t k = 0; k < members; ++k) {
    for (std::int64_t b = 0; b < rows; ++b) {
      for (std::int64_t u = 0; u < units; ++u) {
        const PhiloxCounter draw = dropout_draw(5, 1, b, u / 16, philox_key(static_cast<std::uint64_t>(1000 + k)));
        const bool kept = (draw.word[u % 16 / 4] >> (8 * (u % 4)) & 0xff) >= 77;
        const std::int64_t at = (k * rows + b) * units + u;
        const float value = before.data_ptr<float>()[at] + bias.data_ptr<float>()[k * units + u];
        ASSERT_FLOAT_EQ(x.data_ptr<float>()[at], kept && value > 0 ? value * scale : 0.0f) << k << " " << b << " " << u;
      }
    }
  }
}

TEST_P(ActivateShapes, BackwardAgreesWithFiniteDifferencesAndSumsTheBias) {
  const auto [members, rows, units] = GetParam();
  const at::Tensor before = random_floats({members, rows, units}, 3), bias = random_floats({members, units}, 4);
  const at::Tensor outer = random_floats({members, rows, units}, 5);
  const auto value_at = [&](double shift) {
    at::Tensor x = before + shift;
    activate_(x, bias, dropout(members, 77));
    return x.to(at::kDouble);
  };
  at::Tensor activated = before.clone();
  activate_(activated, bias, dropout(members, 77));
  at::Tensor gradient = outer.clone(), bias_gradient = at::full({members, units}, 9.0, at::kFloat);
  activate_backward_(gradient, activated, bias_gradient, 77);
  // The inputs are multiples of 1/1000: a shift of 1/4000 either way crosses no kink except at exactly 0.
  const at::Tensor slope = (value_at(2.5e-4) - value_at(-2.5e-4)) / 5e-4;
  const at::Tensor at_kink = (before + bias.unsqueeze(1)).abs() < 4e-4;
  const at::Tensor expected = slope * outer.to(at::kDouble);
  EXPECT_TRUE(
      at::allclose(gradient.to(at::kDouble).masked_fill(at_kink, 0), expected.masked_fill(at_kink, 0), 1e-2, 1e-3));
  EXPECT_TRUE(at::allclose(bias_gradient.to(at::kDouble), gradient.to(at::kDouble).sum(1), 1e-5, 1e-5));
}

// In bfloat16 the arithmetic is that of floats, and what is stored is rounded.
TEST_P(ActivateShapes, Bfloat16IsTheRoundedFloat) {
  const auto [members, rows, units] = GetParam();
  const Dropout drop = dropout(members, 77);
  const at::Tensor bias = random_floats({members, units}, 2);
  at::Tensor x = random_floats({members, rows, units}, 1).to(at::kBFloat16), whole = x.to(at::kFloat);
  activate_(x, bias, drop);
  activate_(whole, bias, drop);
  EXPECT_TRUE(at::equal(x, whole.to(at::kBFloat16)));

  at::Tensor gradient = random_floats({members, rows, units}, 3).to(at::kBFloat16);
  at::Tensor whole_gradient = gradient.to(at::kFloat), bias_gradient = at::full({members, units}, 9.0, at::kFloat);
  activate_backward_(gradient, x, bias_gradient, 77);
  activate_backward_(whole_gradient, x.to(at::kFloat), std::nullopt, 77);
  EXPECT_TRUE(at::equal(gradient, whole_gradient.to(at::kBFloat16)));
  EXPECT_TRUE(at::allclose(bias_gradient.to(at::kDouble), gradient.to(at::kDouble).sum(1), 1e-5, 1e-5));
}

INSTANTIATE_TEST_SUITE_P(Sizes, ActivateShapes,
                         testing::Combine(testing::Values(1, 3), testing::Values(0, 1, 33, 129),
                                          testing::Values(1, 15, 16, 17, 256, 300)));

TEST(Activate, DropsTheAskedShareAndKeepsTheMean) {
  at::Tensor x = at::ones({1, 1000, 256}, at::kFloat);
  activate_(x, std::nullopt, dropout(1, 77));
  const double dropped = (x == 0).to(at::kDouble).mean().item<double>();
  // 256,000 draws: the standard error of the share is .0009.
  EXPECT_NEAR(dropped, 77.0 / 256, 0.004);
  EXPECT_NEAR(x.to(at::kDouble).mean().item<double>(), 1.0, 0.006);
}

TEST(Activate, AnotherStepLayerOrMemberDropsOtherUnits) {
  const auto mask = [](const Dropout& drop) {
    at::Tensor x = at::ones({2, 50, 64}, at::kFloat);
    activate_(x, std::nullopt, drop);
    return x;
  };
  const at::Tensor first = mask(dropout(2, 128));
  EXPECT_TRUE(at::equal(first, mask(dropout(2, 128))));
  EXPECT_FALSE(at::equal(first, mask(dropout(2, 128, 6))));
  EXPECT_FALSE(at::equal(first, mask(dropout(2, 128, 5, 2))));
  EXPECT_FALSE(at::equal(first.select(0, 0), first.select(0, 1)));
}

// Each part of a batch drops what the whole does there.
TEST(Activate, APartOfABatchDropsByTheSlotsOfTheWhole) {
  const at::Tensor before = random_floats({2, 7, 33}, 1);
  at::Tensor whole = before.clone();
  activate_(whole, std::nullopt, dropout(2, 77));
  for (const auto& [first, count] : {std::pair<std::int64_t, std::int64_t>{0, 3}, {3, 4}}) {
    at::Tensor part = before.narrow(1, first, count).contiguous();
    Dropout drop = dropout(2, 77);
    drop.first_row = first;
    activate_(part, std::nullopt, drop);
    EXPECT_TRUE(at::equal(part, whole.narrow(1, first, count)));
  }
}

TEST(Activate, SameBitsForAnyNumberOfThreads) {
  const int before = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    at::Tensor x = random_floats({2, 700, 130}, 6), gradient = random_floats({2, 700, 130}, 7);
    at::Tensor bias_gradient = at::empty({2, 130}, at::kFloat);
    activate_(x, random_floats({2, 130}, 8), dropout(2, 50));
    activate_backward_(gradient, x, bias_gradient, 50);
    results.push_back(at::cat({x.flatten(), gradient.flatten(), bias_gradient.flatten()}));
  }
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(results[0], results[1]));
}

TEST(Activate, NaNStaysNaNEvenWhereItIsDropped) {
  at::Tensor x = at::full({1, 4, 64}, std::nan(""), at::kFloat);
  activate_(x, std::nullopt, dropout(1, 128));
  EXPECT_TRUE(x.isnan().all().item<bool>());
}

TEST(Activate, Rejects) {
  at::Tensor x = at::zeros({1, 2, 3}, at::kFloat);
  EXPECT_THAT(failure([&] {
                activate_(x, at::zeros({1, 4}), {});
              }),
              HasSubstr("bias has shape [1, 4], expected [1, 3]"));
  EXPECT_THAT(failure([&] { activate_(x, std::nullopt, dropout(1, 256)); }), HasSubstr("rate_256 is 256"));
  EXPECT_THAT(failure([&] { activate_(x, std::nullopt, dropout(2, 10)); }), HasSubstr("seeds has shape [2]"));
  at::Tensor flat = at::zeros({6}, at::kFloat);
  EXPECT_THAT(failure([&] { activate_(flat, std::nullopt, {}); }), HasSubstr("x has shape [6]"));
  at::Tensor wide = at::zeros({1, 2, 3}, at::kDouble);
  EXPECT_THAT(failure([&] { activate_(wide, std::nullopt, {}); }), HasSubstr("x has type Double"));
  EXPECT_THAT(failure([&] { activate_backward_(x, x.to(at::kBFloat16), std::nullopt, 0); }),
              HasSubstr("activated has type BFloat16, expected Float"));
  at::Tensor turned = at::zeros({1, 3, 2}, at::kFloat).transpose(1, 2);
  EXPECT_THAT(failure([&] { activate_(turned, std::nullopt, {}); }), HasSubstr("x is not contiguous"));
}

}  // namespace activate_test
}  // namespace equipoise::kernels
