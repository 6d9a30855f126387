#include "engine/training/growth.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/outcome_push/outcome_push.h"
#include "kernels/push/push.h"

namespace equipoise::training {
namespace {

constexpr std::int64_t kRows = 40, kCells = 4;
constexpr double kSmall = 1e-2;

at::Tensor some_cells() {
  return at::arange(kRows).remainder(kCells).to(at::kByte);
}

// The change of the priced loss's gradient over a small way of one logit at a time, which push has in its own kernels.
at::Tensor differences(const at::Tensor& logits, const std::function<at::Tensor(const at::Tensor&)>& gradient) {
  at::Tensor slopes = at::empty_like(logits);
  const std::int64_t outputs = logits.dim() == 3 ? logits.size(2) : 1;
  for (std::int64_t output = 0; output < outputs; ++output) {
    const auto moved = [&](double by) {
      at::Tensor other = logits.clone();
      (outputs == 1 ? other : other.select(2, output)).add_(by);
      const at::Tensor all = gradient(other);
      return outputs == 1 ? all : all.select(2, output);
    };
    const at::Tensor slope = (moved(kSmall) - moved(-kSmall)) / (2 * kSmall);
    (outputs == 1 ? slopes : slopes.select(2, output))
        .copy_(slope.view_as(outputs == 1 ? slopes : slopes.select(2, output)));
  }
  return slopes;
}

class Curvature : public testing::Test {
 protected:
  void SetUp() override { at::manual_seed(7); }

  const at::Tensor cells = some_cells();
  const at::Tensor weights = at::rand({kRows}) + 0.5;
};

TEST_F(Curvature, OfALogLossIsTheSlopeOfItsGradient) {
  const at::Tensor logits = at::randn({2, kRows}) * 2, prices = at::rand({2, kCells}) + 0.1,
                   none = at::zeros({2, kCells});
  const at::Tensor labels = at::tensor({0, 1, 0, 1}, at::kByte);
  const auto gradient = [&](const at::Tensor& at_logits) {
    return kernels::push(at_logits, cells, labels, prices, none, weights, 0.0, 1.0);
  };
  EXPECT_TRUE(at::allclose(curvature({gradient(logits), logits, cells, prices, weights, {}}),
                           differences(logits, gradient), 2e-2, 1e-4));
}

TEST_F(Curvature, OfASoftmaxIsTwiceTheSlope) {
  const auto rule = kernels::softmax_rule(3);
  const at::Tensor logits = at::randn({2, kRows, 3}), targets = at::arange(kRows).remainder(3).to(at::kFloat);
  const at::Tensor prices = at::rand({2, kCells * rule.outcomes}) + 0.1, none = at::zeros_like(prices);
  const auto gradient = [&](const at::Tensor& at_logits) {
    return kernels::outcome_push(at_logits, targets, cells, prices, none, weights, rule);
  };
  EXPECT_TRUE(at::allclose(curvature({gradient(logits), logits, cells, prices, weights, rule}),
                           2 * differences(logits, gradient), 2e-2, 1e-4));
}

TEST_F(Curvature, OfASquaredErrorIsTheSlopeAndOfTheOthersBoundsIt) {
  const at::Tensor logits = at::randn({1, kRows, 1}), targets = at::randn({kRows});
  const auto compared = [&](const kernels::OutcomeRule& rule) {
    const at::Tensor prices = at::rand({1, kCells * rule.outcomes}) + 0.1, none = at::zeros_like(prices);
    const auto gradient = [&](const at::Tensor& at_logits) {
      return kernels::outcome_push(at_logits, targets, cells, prices, none, weights, rule);
    };
    return std::pair(curvature({gradient(logits), logits, cells, prices, weights, rule}),
                     differences(logits, gradient));
  };
  const auto [squared, slope] = compared(kernels::squared_rule({}, {}));
  EXPECT_TRUE(at::allclose(squared, slope, 1e-2, 1e-3));
  const auto [huber, slope_of_huber] = compared(kernels::huber_rule({}, 0.5, {}));
  EXPECT_TRUE((huber >= slope_of_huber - 1e-3).all().item<bool>());
  EXPECT_GT(compared(kernels::quantile_rule({}, 0.3, {})).first.min().item<float>(), 0);
}

TEST_F(Curvature, IsNothingWhereTheLossHasNoPriceOrOneBelowZero) {
  const at::Tensor logits = at::randn({1, kRows}), prices = at::tensor({0.0f, -1.0f, 0.0f, -2.0f}).unsqueeze(0);
  EXPECT_EQ(curvature({logits, logits, cells, prices, {}, {}}).abs().max().item<float>(), 0);
}

}  // namespace
}  // namespace equipoise::training
