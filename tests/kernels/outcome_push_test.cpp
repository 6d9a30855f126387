#include "kernels/outcome_push/outcome_push.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/device/cpu_level.h"
#include "kernels/outcome_push/outcome_push_kernel.h"
#include "kernels/push/push.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/outcome_oracle.h"
#include "tests/kernels/rate_sample.h"

namespace equipoise::kernels {
namespace outcome_push_test {

using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Gradients of three rows of one score, weights 1, 2, 1, the first in cell 0 and the others in cell 1.
void expect_three(const OutcomeRule& rule, std::vector<float> scores, std::vector<float> targets,
                  std::vector<float> loss_price, std::vector<float> soft_price, const std::vector<double>& expected) {
  const at::Tensor gradient = outcome_push(at::tensor(scores).view({1, 3, 1}), at::tensor(targets),
                                           at::tensor({0, 1, 1}, at::kByte), at::tensor(loss_price).unsqueeze(0),
                                           at::tensor(soft_price).unsqueeze(0), at::tensor({1.0f, 2.0f, 1.0f}), rule);
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(gradient[0][i][0].item<double>(), expected[static_cast<std::size_t>(i)], 2e-6) << "row " << i;
  }
}

TEST(OutcomePushTest, GivesThreeGradientsOfClassesByHand) {
  // Softmax (1/2 1/4 1/4) each. Cell 0: loss price 2, soft prices 0. Cell 1: loss price 0, soft prices 4, 8, 0.
  // Row 0, class 1, s 1: 2 (1/2, 1/4 - 1, 1/4).
  // Row 1, s 2: mean price 4/2 + 8/4 = 4; softmax_k (price_k - 4): (0, 1, -1), twice.
  // Row 2, s 1: the same once.
  const float log2 = std::log(2.0f);
  const at::Tensor gradient = outcome_push(
      at::tensor({log2, 0.0f, 0.0f}).expand({1, 3, 3}), at::tensor({1.0f, 0.0f, 2.0f}),
      at::tensor({0, 1, 1}, at::kByte), at::tensor({2.0f, kNaN, kNaN, 0.0f, kNaN, kNaN}).unsqueeze(0),
      at::tensor({0.0f, 0.0f, 0.0f, 4.0f, 8.0f, 0.0f}).unsqueeze(0), at::tensor({1.0f, 2.0f, 1.0f}), softmax_rule(3));
  const double expected[9] = {1, -1.5, 0.5, 0, 2, -2, 0, 1, -1};
  for (int i = 0; i < 9; ++i) EXPECT_NEAR(gradient.flatten()[i].item<double>(), expected[i], 1e-6) << "place " << i;
}

TEST(OutcomePushTest, GivesThreeGradientsOfARegressionByHand) {
  // scale 2, shift 10, threshold 12 (score 1), temperature 1/2.
  // Cell 0: loss price 3, soft prices 0. Cell 1: loss price 1; soft prices prediction 1, residual 2, square 1, exceedance 4.
  // Row 0 (z 2, u 10): e = 2.  Row 1 (z 1, u 12, s 2): e = 0; 2 (1 + 2) + 4 * 1/4 / (1/2) = 8.
  // Row 2 (z 1, u 14): t = 2, e = -1; 8 + 2 * 2^2 * e = 0.
  const std::vector<float> scores{2, 1, 1}, targets{10, 12, 14}, loss{3, kNaN, kNaN, kNaN, 1, kNaN, kNaN, kNaN};
  const std::vector<float> soft{0, 0, 0, 0, 1, 2, 1, 4};
  const RegressionUnits units{10, 2};
  const Exceedances above{{12}, 0.5};
  expect_three(squared_rule(units, above), scores, targets, loss, soft, {3 * 2 * 2, 2 * 8, -2});
  expect_three(huber_rule(units, 1.5, above), scores, targets, loss, soft, {3 * 1.5, 2 * 8, -1});
  expect_three(quantile_rule(units, 0.75, above), scores, targets, loss, soft, {3 * 0.25, 2 * 8, -0.75});
}

TEST(OutcomePushTest, GivesThreeGradientsOfACalibrationByHand) {
  // Two bins, threshold 0, temperature 1. Prices by outcome: above, mass of bins 0 and 1, share of bins 0 and 1.
  // Cell 0: loss 2; 4, 8, 16, 9, 9. Cell 1: loss 1; 0, 16, -16, 9, 9.
  // Row 0 (z 0, label 0): 2 * 1/2 + 4 * 1/4 + 16 * 1/4 = 6: bin 1 begins at 1/2.
  // Row 1 (z ln3, label 1, s 2): 2 (-1/4 - 16 * 3/16) = -6.5.  Row 2 (z -ln3, label 1): -3/4 + 16 * 3/16 = 2.25.
  const float log3 = std::log(3.0f);
  expect_three(calibration_rule(2, 0, 1), {0, log3, -log3}, {0, 1, 1},
               {2, kNaN, kNaN, kNaN, kNaN, 1, kNaN, kNaN, kNaN, kNaN}, {4, 8, 16, 9, 9, 0, 16, -16, 9, 9},
               {6, -6.5, 2.25});
}

// Each score moved by itself, in the oracle's double.
TEST(OutcomePushTest, IsTheSlopeOfTheOracle) {
  for (const NamedRule& rule : every_rule()) {
    const OutcomeSample sample = sample_outcomes(rule, {2, 12, 5, at::kFloat, at::kByte, true});
    const at::Tensor gradient = push_sample(sample);
    for (std::int64_t k = 0; k < 2; ++k) {
      for (std::int64_t i = 0; i < 12; ++i) {
        for (std::int64_t o = 0; o < sample.scores.size(2); o += 1 + sample.scores.size(2) / 8) {
          const double step = 1e-5;
          const auto member = static_cast<std::size_t>(k);
          OutcomeSample moved = sample;
          moved.scores = sample.scores.to(at::kDouble);
          moved.scores[k][i][o] += step;
          const double above = oracle_value(moved)[member];
          moved.scores[k][i][o] -= 2 * step;
          const double slope = (above - oracle_value(moved)[member]) / (2 * step);
          EXPECT_NEAR(gradient[k][i][o].item<double>(), slope, 1e-5 * (1 + std::fabs(slope)))
              << described(rule) << ", member " << k << ", row " << i << ", score " << o;
        }
      }
    }
  }
}

// Two classes with scores 0 and z are a label with the logit z.
TEST(OutcomePushTest, TwoClassesAreTheBinaryPush) {
  OutcomeSample sample = sample_outcomes({"softmax", {2}}, {2, 3000, 7, at::kFloat, at::kInt, true});
  sample.scores.select(2, 0).fill_(0);
  sample.cells = sample.cells * 2 + sample.targets.to(at::kInt);  // cells of one label each
  sample.cell_count = 14;
  const at::Tensor loss_price = at::randn({2, 14}), soft_price = at::randn({2, 14});
  sample.loss_price = at::stack({loss_price, at::full_like(loss_price, kNaN)}, 2).flatten(1);
  sample.soft_price = at::stack({at::zeros_like(soft_price), soft_price}, 2).flatten(1);
  const at::Tensor gradient = push_sample(sample);
  const at::Tensor binary = push(sample.scores.select(2, 1), sample.cells, at::arange(14).remainder(2).to(at::kByte),
                                 loss_price, soft_price, sample.weights, 0.0, 1.0);
  EXPECT_LT(largest_difference(gradient.select(2, 1), binary), 1e-6);
  EXPECT_LT(largest_difference(gradient.select(2, 0), -binary), 1e-6);
}

// Where one class has nearly everything, what is left is small and not lost in 1 - softmax.
TEST(OutcomePushTest, KeepsSmallGradientsOfClassesExact) {
  const double left = std::exp(-12.0) / (1 + std::exp(-12.0));
  const auto gradient = [](std::vector<float> loss_price, std::vector<float> soft_price) {
    return outcome_push(at::tensor({0.0f, 12.0f}).view({1, 1, 2}), at::ones({1}), at::zeros({1}, at::kByte),
                        at::tensor(loss_price).unsqueeze(0), at::tensor(soft_price).unsqueeze(0), std::nullopt,
                        softmax_rule(2))[0][0];
  };
  const at::Tensor by_loss = gradient({1, 0}, {0, 0}), by_soft = gradient({0, 0}, {3, 7});
  EXPECT_NEAR(by_loss[1].item<double>() / -left, 1, 1e-6);
  EXPECT_NEAR(by_loss[0].item<double>() / left, 1, 1e-6);
  EXPECT_NEAR(by_soft[1].item<double>() / (4 * left * (1 - left)), 1, 1e-6);
  EXPECT_NEAR(by_soft[0].item<double>() / (-4 * left * (1 - left)), 1, 1e-6);
}

TEST(OutcomePushTest, EachRowStandsForItself) {
  for (const NamedRule& rule : every_rule()) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      const OutcomeSample all = sample_outcomes(rule, {2, 1025, 5, type, at::kShort, true});
      const at::Tensor gradient = push_sample(all);
      EXPECT_EQ(gradient.scalar_type(), type);
      for (const std::int64_t rows : {0, 1, 31, 32, 33, 1023}) {
        OutcomeSample some = all;
        some.scores = all.scores.slice(1, 0, rows);
        some.targets = all.targets.slice(0, 0, rows);
        some.cells = all.cells.slice(0, 0, rows);
        some.weights = all.weights->slice(0, 0, rows);
        EXPECT_TRUE(push_sample(some).equal(gradient.slice(1, 0, rows))) << described(rule) << ", " << rows << " rows";
      }
    }
  }
}

TEST(OutcomePushTest, RoundsToTheTypeOfTheScores) {
  for (const NamedRule& rule : every_rule()) {
    const OutcomeSample narrow = sample_outcomes(rule, {1, 500, 3, at::kBFloat16});
    OutcomeSample wide = narrow;
    wide.scores = narrow.scores.to(at::kFloat);
    EXPECT_TRUE(push_sample(narrow).equal(push_sample(wide).to(at::kBFloat16))) << described(rule);
  }
}

TEST(OutcomePushTest, SurvivesExtremeScores) {
  // Where one class has everything, only the loss pulls: away from it, where it is not the target.
  const at::Tensor scores = at::tensor({1e4f, 0.0f, -3e38f, 3e38f, 0.0f, 0.0f, -1e4f, -1e4f, 1e4f}).view({1, 3, 3});
  const at::Tensor gradient = outcome_push(scores, at::tensor({1.0f, 0.0f, 2.0f}), at::zeros({3}, at::kByte),
                                           at::tensor({3.0f, 0.0f, 0.0f}).unsqueeze(0),
                                           at::tensor({1.0f, -2.0f, 5.0f}).unsqueeze(0), std::nullopt, softmax_rule(3));
  EXPECT_TRUE(gradient.eq(at::tensor({3.0f, -3.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f}).view({1, 3, 3}))
                  .all()
                  .item<bool>());
  expect_three(calibration_rule(2, 0, 1), {3e38f, -1e4f, 3e38f}, {0, 1, 1}, {3, 0, 0, 0, 0, 5, 0, 0, 0, 0},
               {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {3, -10, 0});
  expect_three(huber_rule({0, 1}, 0.5, {{0}, 1}), {1e4f, -1e4f, 1e4f}, {0, 0, 0}, {2, 0, 0, 0, 2, 0, 0, 0},
               {0, 0, 0, 7, 0, 0, 0, 7}, {1, -2, 1});
}

TEST(OutcomePushTest, WhatIsNotFiniteMakesItsOwnRowsGradientsNaNAlone) {
  for (const NamedRule& rule : every_rule()) {
    for (const float score : {kNaN, kInfinity, -kInfinity}) {
      OutcomeSample sample = sample_outcomes(rule, {1, 100, 3});
      sample.scores[0][50][sample.scores.size(2) - 1] = score;
      const at::Tensor bad = push_sample(sample).isnan();
      EXPECT_TRUE(bad[0][50].all().item<bool>()) << described(rule) << ", " << score;
      EXPECT_EQ(bad.sum().item<std::int64_t>(), sample.scores.size(2)) << described(rule) << ", " << score;
    }
  }
}

TEST(OutcomePushTest, ReadsNonContiguousInputs) {
  for (const NamedRule& rule : every_rule()) {
    const OutcomeSample plain = sample_outcomes(rule, {3, 200, 8, at::kFloat, at::kByte, true});
    OutcomeSample strided = plain;
    strided.scores = plain.scores.transpose(0, 1).contiguous().transpose(0, 1);
    strided.loss_price = plain.loss_price.t().contiguous().t();
    strided.soft_price = plain.soft_price.t().contiguous().t();
    strided.weights = at::stack({*plain.weights, *plain.weights}, 1).select(1, 1);
    EXPECT_TRUE(push_sample(strided).equal(push_sample(plain))) << described(rule);
  }
}

TEST(OutcomePushTest, RepeatsBitForBitWithAnyNumberOfThreads) {
  for (const NamedRule& rule : every_rule()) {
    const OutcomeSample sample = sample_outcomes(rule, {2, 20'001, 8});
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const at::Tensor one = push_sample(sample);
    at::set_num_threads(2);
    EXPECT_TRUE(push_sample(sample).equal(one)) << described(rule);
    EXPECT_TRUE(push_sample(sample).equal(one)) << described(rule);
    at::set_num_threads(threads);
  }
}

#ifdef EQUIPOISE_X86_LEVELS
TEST(OutcomePushTest, EveryInstructionSetGivesTheSameSlopes) {
  for (const NamedRule& rule : every_rule()) {
    const OutcomeSample sample = sample_outcomes(rule, {1, 1500, 5});
    const at::Tensor expected = push_sample(sample);
    at::Tensor gradient = at::zeros_like(expected);
    OutcomePushProblem problem;
    problem.scores = sample.scores.const_data_ptr();
    problem.targets = sample.targets.const_data_ptr<float>();
    problem.cells = sample.cells.const_data_ptr();
    problem.members = 1;
    problem.rows = 1500;
    problem.cell_count = 5;
    problem.cell_type = CellType::kI32;
    problem.rule = rule_of(sample);
    problem.loss_price = sample.loss_price.const_data_ptr<float>();
    problem.soft_price = sample.soft_price.const_data_ptr<float>();
    problem.gradient = gradient.mutable_data_ptr();
    OutcomePushRange range{&problem, 0, 0, 1500, -1};
    baseline::outcome_push_range(range);
    EXPECT_LT(largest_difference(gradient, expected), 2e-6) << "baseline, " << described(rule);
    if (cpu_level() >= CpuLevel::kAvx2) {
      avx2::outcome_push_range(range);
      EXPECT_LT(largest_difference(gradient, expected), 2e-6) << "avx2, " << described(rule);
    }
  }
}
#endif

TEST(OutcomePushTest, RefusesWhatItCannotRead) {
  const OutcomeSample good = sample_outcomes({"softmax", {3}}, {2, 10, 4});
  const auto refuses = [](const OutcomeSample& sample, const std::string& message) {
    EXPECT_THAT(failure([&] { push_sample(sample); }), HasSubstr("outcome_push: " + message));
  };
  OutcomeSample bad = good;
  bad.loss_price = good.loss_price.to(at::kDouble);
  refuses(bad, "loss_price has type Double, expected Float");
  bad = good;
  bad.loss_price = good.loss_price.slice(1, 0, 11);
  refuses(bad, "loss_price has shape [2, 11], expected [2, C * 3] with C > 0");
  bad = good;
  bad.loss_price = at::zeros({1, 12});
  refuses(bad, "loss_price has shape [1, 12], expected [2, C * 3] with C > 0");
  bad = good;
  bad.soft_price = good.soft_price.slice(1, 0, 9);
  refuses(bad, "soft_price has shape [2, 9], expected [2, 12]");
  bad = good;
  bad.cells = good.cells.clone();
  bad.cells[7] = 4;
  refuses(bad, "the cell of row 7 is outside [0, 4)");
  bad = good;
  bad.targets = good.targets.clone();
  bad.targets[7] = 3;
  refuses(bad, "the target of row 7 is 3, expected a class, a whole number in [0, 3)");
  at::Tensor wrong = at::empty({2, 9, 3});
  EXPECT_THAT(failure([&] {
                outcome_push_out(wrong, good.scores, good.targets, good.cells, good.loss_price, good.soft_price,
                                 good.weights, softmax_rule(3));
              }),
              HasSubstr("outcome_push: gradient has shape [2, 9, 3], expected [2, 10, 3]"));
}

TEST(OutcomeLagrangianTest, AgreesWithTheOracleAndItsBackwardIsPush) {
  for (const NamedRule& rule : every_rule()) {
    OutcomeSample sample = sample_outcomes(rule, {3, 400, 5, at::kFloat, at::kByte, true});
    const at::Tensor expected_gradient = push_sample(sample), expected_sums = measure(sample);
    sample.scores.requires_grad_();
    const auto [value, sums] = lagrangian_of(sample);
    EXPECT_TRUE(sums.equal(expected_sums)) << described(rule);
    EXPECT_FALSE(sums.requires_grad());
    const at::Tensor upstream = at::tensor({1.0, -2.0, 0.5});
    value.backward(upstream);
    EXPECT_TRUE(sample.scores.grad().equal(expected_gradient * upstream.to(at::kFloat).view({3, 1, 1})))
        << described(rule);
    sample.scores = sample.scores.detach();
    const std::vector<double> oracle = oracle_value(sample);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(value[static_cast<std::int64_t>(k)].item<double>(), oracle[k], 2e-6 * (1000 + std::fabs(oracle[k])))
          << described(rule) << ", member " << k;
    }
  }
}

// A rate divides an outcome's sum by its cell's weight, which stands in outcome 0; price needs to know nothing of outcomes.
TEST(OutcomeLagrangianTest, PriceReadsTheTable) {
  // Two cells of three classes: rows 0 to 2 and 3 to 5. Rate 0: class 1 in cell 0, rate 1: class 1 in cell 1; constraint:
  // rate 0 - rate 1, multiplier 6. Cell 0 has weight 3, cell 1 weight 2.
  const RateSample rates{
      {{{1 * 3 + 2, 1.0}}, {{4 * 3 + 2, 1.0}}}, {{{0, 1.0}}, {{3 * 3, 1.0}}}, {{{0, 1.0}, {1, -1.0}}}};
  const at::Tensor sums = outcome_stats(at::zeros({1, 5, 3}), at::zeros({5}), at::tensor({0, 0, 0, 1, 1}, at::kByte), 2,
                                        std::nullopt, softmax_rule(3));
  at::Tensor averages = empty_averages(1, 6, at::kCPU), step = at::zeros({1}, at::kLong);
  const at::Tensor prices = price(sums, averages, step, at::full({1, 1}, 6.0, at::kDouble), rates.table(), 0.0);
  // Loss: one part in five of the batch. Class 1: 6 / 3 and -6 / 2.
  EXPECT_FLOAT_EQ(prices[0][0][0].item<float>(), 0.2f);
  EXPECT_FLOAT_EQ(prices[0][0][3].item<float>(), 0.2f);
  EXPECT_TRUE(prices[0][1].allclose(at::tensor({0.0f, 2.0f, 0.0f, 0.0f, -3.0f, 0.0f})));
}

TEST(OutcomeLagrangianTest, RefusesPricesThatDoNotFit) {
  OutcomeSample sample = sample_outcomes({"calibration", {2, 0, 1}}, {2, 10, 4});
  sample.soft_price = at::zeros({20});
  EXPECT_THAT(failure([&] { lagrangian_of(sample); }),
              HasSubstr("outcome_lagrangian: soft_price has shape [20], expected [2, 20]"));
}

}  // namespace outcome_push_test
}  // namespace equipoise::kernels
