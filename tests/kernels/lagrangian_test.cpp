#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/cell_stats/cell_stats.h"
#include "kernels/push/push.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/row_oracle.h"

namespace equipoise::kernels {
namespace lagrangian_test {

using testing::HasSubstr;

std::tuple<at::Tensor, at::Tensor> lagrangian_of(const RowSample& sample, const at::Tensor& logits) {
  return lagrangian(logits, sample.cells, sample.cell_labels, sample.loss_price, sample.soft_price, sample.weights,
                    sample.threshold, sample.temperature);
}

// sum over cells of loss_price L + soft_price P, by the oracle, for each member.
at::Tensor oracle_value(const RowSample& sample) {
  const at::Tensor sums = oracle_sums(sample);
  return (sums.select(2, kLoss) * sample.loss_price + sums.select(2, kSoftPositives) * sample.soft_price).sum(1);
}

TEST(LagrangianTest, ValuesThreeRowsByHand) {
  // Cell 0 (label 0), loss price 2, soft price 4; cell 1 (label 1), loss price 1, soft price -8.
  // (z 0, cell 0): 2 log 2 + 4 * 1/2.  (z ln 3, cell 1): log(4/3) - 8 * 3/4.  (z -ln 3, cell 1): log 4 - 8 * 1/4.
  const float log3 = std::log(3.0f);
  const auto [value, sums] = lagrangian(at::tensor({0.0f, log3, -log3}).unsqueeze(0), at::tensor({0, 1, 1}, at::kByte),
                                        at::tensor({0, 1}, at::kByte), at::tensor({2.0f, 1.0f}).unsqueeze(0),
                                        at::tensor({4.0f, -8.0f}).unsqueeze(0), std::nullopt, 0.0, 1.0);
  EXPECT_NEAR(value[0].item<double>(), 2 * std::log(2.0) + 2 + std::log(4.0 / 3.0) - 6 + std::log(4.0) - 2, 1e-6);
  EXPECT_EQ(sums[0][1][kWeight].item<double>(), 2.0);
}

TEST(LagrangianTest, AgreesWithTheOracleAndItsFiniteDifferences) {
  const RowSample sample = sample_rows({3, 40, 5, at::kFloat, at::kByte, true});
  at::Tensor logits = sample.logits.clone().requires_grad_();
  const auto [value, sums] = lagrangian_of(sample, logits);
  EXPECT_LT(largest_difference(value.detach(), oracle_value(sample)), 1e-6);
  EXPECT_LT(largest_difference(sums, oracle_sums(sample)), 2e-7);
  EXPECT_FALSE(sums.requires_grad());
  const at::Tensor upstream = at::tensor({1.0, -2.0, 0.5});
  value.backward(upstream);
  for (std::int64_t k = 0; k < 3; ++k) {
    for (std::int64_t i = 0; i < 40; i += 7) {
      const double step = 1e-5;
      RowSample moved = sample;
      moved.logits = sample.logits.to(at::kDouble);
      moved.logits[k][i] += step;
      const double above = oracle_value(moved)[k].item<double>();
      moved.logits[k][i] -= 2 * step;
      const double below = oracle_value(moved)[k].item<double>();
      EXPECT_NEAR(logits.grad()[k][i].item<double>(), upstream[k].item<double>() * (above - below) / (2 * step), 2e-5)
          << "member " << k << ", row " << i;
    }
  }
}

TEST(LagrangianTest, BackwardIsPush) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const RowSample sample = sample_rows({2, 100, 4, type});
    at::Tensor logits = sample.logits.clone().requires_grad_();
    std::get<0>(lagrangian_of(sample, logits)).sum().backward();
    EXPECT_TRUE(logits.grad().equal(push(sample.logits, sample.cells, sample.cell_labels, sample.loss_price,
                                         sample.soft_price, sample.weights, sample.threshold, sample.temperature)));
  }
}

TEST(LagrangianTest, FlowsThroughAModel) {
  const RowSample sample = sample_rows({1, 64, 4});
  at::Tensor weight = at::ones({1, 1}).requires_grad_();
  std::get<0>(lagrangian_of(sample, sample.logits * weight)).sum().backward();
  const double expected = (oracle_gradient(sample) * sample.logits).sum().item<double>();
  EXPECT_NEAR(weight.grad().item<double>(), expected, 1e-4);
}

TEST(LagrangianTest, RefusesPricesThatDoNotFit) {
  RowSample sample = sample_rows({2, 10, 4});
  sample.loss_price = at::zeros({4});
  EXPECT_THAT(failure([&] { lagrangian_of(sample, sample.logits); }),
              HasSubstr("lagrangian: loss_price has shape [4], expected [2, 4]"));
}

}  // namespace lagrangian_test
}  // namespace equipoise::kernels
