#include "kernels/push/push.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kernels/device/cpu_level.h"
#include "kernels/push/push_kernel.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/row_oracle.h"

namespace equipoise::kernels {
namespace push_test {

using testing::HasSubstr;

at::Tensor push_sample(const RowSample& sample) {
  return push(sample.logits, sample.cells, sample.cell_labels, sample.loss_price, sample.soft_price, sample.weights,
              sample.threshold, sample.temperature);
}

TEST(PushTest, GivesThreeGradientsByHand) {
  // Cell 0 (label 0): loss price 2, soft price 4. Cell 1 (label 1): loss price 1, soft price -8. Threshold 0, tau 1.
  // (z 0, cell 0, s 1):     2 * (1/2 - 0) + 4 * 1/4 = 2.
  // (z ln 3, cell 1, s 2):  2 * (1 * (3/4 - 1) - 8 * 3/16) = -3.5.
  // (z -ln 3, cell 1, s 1): 1 * (1/4 - 1) - 8 * 3/16 = -2.25.
  const float log3 = std::log(3.0f);
  const at::Tensor gradient = push(at::tensor({0.0f, log3, -log3}).unsqueeze(0), at::tensor({0, 1, 1}, at::kByte),
                                   at::tensor({0, 1}, at::kByte), at::tensor({2.0f, 1.0f}).unsqueeze(0),
                                   at::tensor({4.0f, -8.0f}).unsqueeze(0), at::tensor({1.0f, 2.0f, 1.0f}), 0.0, 1.0);
  const double expected[3] = {2, -3.5, -2.25};
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(gradient[0][i].item<double>(), expected[i], 1e-6) << "row " << i;
}

TEST(PushTest, AgreesWithTheOracle) {
  for (const std::int64_t cells : {1, 2, 8, 16, 17, 32, 33, 256, 1500, 4096}) {
    for (const std::int64_t members : {1, 3}) {
      for (const bool weighted : {false, true}) {
        for (const at::ScalarType logit_type : {at::kFloat, at::kBFloat16}) {
          const at::ScalarType cell_type = cells <= 256 ? at::kByte : (cells <= 2000 ? at::kShort : at::kInt);
          const RowSample sample = sample_rows({members, 2057, cells, logit_type, cell_type, weighted});
          const at::Tensor gradient = push_sample(sample);
          EXPECT_EQ(gradient.scalar_type(), logit_type);
          // A bfloat16 has 8 bits: half a place is up to 2^-8 of the result.
          EXPECT_LT(largest_difference(gradient, oracle_gradient(sample)), logit_type == at::kFloat ? 1e-6 : 4e-3)
              << cells << " cells, " << members << " members, weighted " << weighted << ", " << logit_type;
        }
      }
    }
  }
}

TEST(PushTest, AgreesAtTheEdgesOfBlocks) {
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 1023, 1024, 1025}) {
    const RowSample sample = sample_rows({2, rows, 5});
    EXPECT_LT(largest_difference(push_sample(sample), oracle_gradient(sample)), 1e-6) << rows << " rows";
  }
}

TEST(PushTest, SurvivesExtremeLogits) {
  RowSample sample = sample_rows({1, 6, 2});
  sample.cells = at::tensor({0, 0, 0, 0, 1, 1}, at::kInt);
  sample.cell_labels = at::tensor({0, 1}, at::kByte);
  sample.loss_price = at::tensor({3.0f, 5.0f}).unsqueeze(0);
  sample.logits = at::tensor({1e4f, -1e4f, 3e38f, -3e38f, 3e38f, -3e38f}).unsqueeze(0);
  EXPECT_TRUE(push_sample(sample).equal(at::tensor({3.0f, 0.0f, 3.0f, 0.0f, 0.0f, -5.0f}).unsqueeze(0)));
}

// Also an infinite logit of the right sign, whose loss and slope are 0.
TEST(PushTest, WhatIsNotFiniteMakesItsOwnGradientNaNAlone) {
  using Limits = std::numeric_limits<float>;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const float logit : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
      RowSample sample = sample_rows({1, 100, 3, type});
      sample.logits[0][50] = logit;
      const at::Tensor bad = push_sample(sample).isnan();
      EXPECT_TRUE(bad[0][50].item<bool>()) << logit;
      EXPECT_EQ(bad.sum().item<std::int64_t>(), 1) << logit;
    }
  }
}

TEST(PushTest, ReadsNonContiguousInputs) {
  const RowSample plain = sample_rows({3, 200, 8, at::kFloat, at::kByte, true});
  RowSample strided = plain;
  strided.logits = plain.logits.t().contiguous().t();
  strided.loss_price = plain.loss_price.t().contiguous().t();
  strided.weights = at::stack({*plain.weights, *plain.weights}, 1).select(1, 1);
  EXPECT_TRUE(push_sample(strided).equal(push_sample(plain)));
}

TEST(PushTest, RepeatsBitForBitWithAnyNumberOfThreads) {
  const RowSample sample = sample_rows({2, 100'001, 8});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = push_sample(sample);
  at::set_num_threads(2);
  EXPECT_TRUE(push_sample(sample).equal(one));
  EXPECT_TRUE(push_sample(sample).equal(one));
  at::set_num_threads(threads);
}

#ifdef EQUIPOISE_X86_LEVELS
TEST(PushTest, EveryInstructionSetAgreesWithTheOracle) {
  for (const std::int64_t cells : {3, 16, 32, 50}) {
    const RowSample sample = sample_rows({1, 1500, cells});
    at::Tensor gradient = at::zeros({1, 1500});
    PushProblem problem{problem_of(sample)};
    problem.loss_price = sample.loss_price.const_data_ptr<float>();
    problem.soft_price = sample.soft_price.const_data_ptr<float>();
    problem.gradient = gradient.mutable_data_ptr();
    PushRange range{&problem, 0, 0, 1500, -1};
    baseline::push_range(range);
    EXPECT_LT(largest_difference(gradient, oracle_gradient(sample)), 1e-6) << "baseline";
    if (cpu_level() >= CpuLevel::kAvx2) {
      avx2::push_range(range);
      EXPECT_LT(largest_difference(gradient, oracle_gradient(sample)), 1e-6) << "avx2";
    }
    if (cpu_level() >= CpuLevel::kAvx512) {
      avx512::push_range(range);
      EXPECT_LT(largest_difference(gradient, oracle_gradient(sample)), 1e-6) << "avx512";
    }
  }
}
#endif

TEST(PushTest, RefusesWhatItCannotRead) {
  const RowSample good = sample_rows({2, 10, 4});
  RowSample bad = good;
  bad.loss_price = good.loss_price.to(at::kDouble);
  EXPECT_THAT(failure([&] { push_sample(bad); }), HasSubstr("push: loss_price has type Double, expected Float"));
  bad = good;
  bad.soft_price = good.soft_price.slice(1, 0, 3);
  EXPECT_THAT(failure([&] { push_sample(bad); }), HasSubstr("push: soft_price has shape [2, 3], expected [2, 4]"));
  bad = good;
  bad.cells[7] = 4;
  EXPECT_THAT(failure([&] { push_sample(bad); }), HasSubstr("push: the cell of row 7 is outside [0, 4)"));
  bad = sample_rows({2, 10, 4});
  bad.threshold = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(failure([&] { push_sample(bad); }), HasSubstr("push: threshold is nan, expected a finite number"));
  at::Tensor wrong = at::empty({2, 9});
  EXPECT_THAT(failure([&] {
                push_out(wrong, bad.logits, bad.cells, bad.cell_labels, bad.loss_price, bad.soft_price, bad.weights, 0,
                         1);
              }),
              HasSubstr("push: gradient has shape [2, 9], expected [2, 10]"));
}

}  // namespace push_test
}  // namespace equipoise::kernels
