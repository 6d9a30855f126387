// cell_stats, push and lagrangian on CUDA against the CPU.
#include <gtest/gtest.h>

#include <initializer_list>
#include <limits>

#include "kernels/cell_stats/cell_stats.h"
#include "kernels/push/push.h"
#include "tests/kernels/cuda_device.h"
#include "tests/kernels/row_oracle.h"

namespace equipoise::kernels {
namespace row_cuda_test {

RowSample on_gpu(const RowSample& sample) {
  RowSample gpu = sample;
  gpu.logits = sample.logits.cuda();
  gpu.cells = sample.cells.cuda();
  gpu.cell_labels = sample.cell_labels.cuda();
  if (sample.weights.has_value()) gpu.weights = sample.weights->cuda();
  gpu.loss_price = sample.loss_price.cuda();
  gpu.soft_price = sample.soft_price.cuda();
  return gpu;
}

at::Tensor measure(const RowSample& sample) {
  return cell_stats(sample.logits, sample.cells, sample.cell_labels, sample.weights, sample.threshold,
                    sample.temperature);
}

at::Tensor push_sample(const RowSample& sample) {
  return push(sample.logits, sample.cells, sample.cell_labels, sample.loss_price, sample.soft_price, sample.weights,
              sample.threshold, sample.temperature);
}

// Calls check(shape) for each size, type and number of cells where the kernels take another way.
template <typename Check>
void for_each_shape(std::initializer_list<std::int64_t> row_counts, Check&& check) {
  for (const std::int64_t rows : row_counts) {
    for (const std::int64_t cells : {1, 2, 3, 8, 9, 64, 256, 700, 4096}) {
      for (const std::int64_t members : {1, 3}) {
        for (const bool weighted : {false, true}) {
          for (const at::ScalarType logit_type : {at::kFloat, at::kBFloat16}) {
            const at::ScalarType cell_type = cells <= 256 ? at::kByte : (cells <= 2000 ? at::kShort : at::kInt);
            check(RowShape{members, rows, cells, logit_type, cell_type, weighted});
          }
        }
      }
    }
  }
}

std::string described(const RowShape& shape) {
  return std::to_string(shape.rows) + " rows, " + std::to_string(shape.cells) + " cells, " +
         std::to_string(shape.members) + " members, weighted " + std::to_string(shape.weighted);
}

constexpr std::initializer_list<std::int64_t> kAllSizes = {0, 1, 31, 32, 33, 1023, 1025, 4096, 200'003};

TEST(CellStatsCudaTest, AgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for_each_shape(kAllSizes, [](const RowShape& shape) {
    const RowSample sample = sample_rows(shape);
    const at::Tensor expected = measure(sample);
    const at::Tensor sums = measure(on_gpu(sample));
    EXPECT_LT(largest_difference(sums, expected), 3e-6) << described(shape);
    EXPECT_TRUE(sums.select(2, kHardPositives).cpu().allclose(expected.select(2, kHardPositives), 1e-6))
        << described(shape);
  });
}

// Each way of summing: in bins of a thread, of a lane, of a warp, with rows enough for many strips, at the threshold and
// temperature where loss and soft positives share an exponential.
TEST(CellStatsCudaTest, AgreesWithTheCpuWhateverTheWay) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t cells : {1, 8, 9, 24, 25, 64, 256, 257}) {
    for (const bool weighted : {false, true}) {
      RowSample sample = sample_rows({2, 600'011, cells, at::kFloat, at::kShort, weighted});
      sample.threshold = 0;
      sample.temperature = 1;
      EXPECT_LT(largest_difference(measure(on_gpu(sample)), measure(sample)), 3e-6)
          << cells << " cells" << (weighted ? ", weighted" : "");
    }
  }
}

TEST(CellStatsCudaTest, AgreesWithTheCpuWhereOneCellHasNearlyAllRows) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t cells : {8, 256, 300}) {
    RowSample sample = sample_rows({1, 600'011, cells});
    sample.cells.masked_fill_(at::arange(600'011).remainder(100).gt(0), cells - 1);
    EXPECT_LT(largest_difference(measure(on_gpu(sample)), measure(sample)), 3e-6) << cells << " cells";
  }
}

// Float bins of equal terms round the same way again and again, the more so the fewer blocks a member of a bank has.
TEST(CellStatsCudaTest, AddsManyEqualTermsInALargeBank) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t cells : {2, 20}) {
    for (const bool weighted : {false, true}) {
      RowSample sample = sample_rows({1, 262'144, cells, at::kFloat, at::kByte, weighted});
      sample.logits.fill_(0.3);
      if (weighted) sample.weights->fill_(0.7);
      const at::Tensor expected = measure(sample);
      sample.logits = sample.logits.expand({512, 262'144}).contiguous();
      EXPECT_LT(largest_difference(measure(on_gpu(sample)), expected.expand({512, cells, 4})), 3e-6)
          << cells << " cells" << (weighted ? ", weighted" : "");
    }
  }
}

// Bins of whole numbers hold terms below 64: a block that meets a larger one takes another way.
TEST(CellStatsCudaTest, AgreesWithTheCpuWhereTermsAreLarge) {
  EQUIPOISE_NEEDS_GPU();
  for (const float logit : {63.9f, 64.1f, 1e4f, -3e30f}) {
    RowSample sample = sample_rows({1, 70'000, 64});
    sample.logits[0][12'345] = logit;
    sample.logits[0][12'346] = -logit;
    EXPECT_LT(largest_difference(measure(on_gpu(sample)), measure(sample)), 3e-6) << "a logit of " << logit;
  }
}

TEST(CellStatsCudaTest, RepeatsBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t cells : {8, 30, 100, 4096}) {
    const RowSample sample = on_gpu(sample_rows({2, 300'000, cells, at::kFloat, at::kInt, true}));
    const at::Tensor first = measure(sample);
    for (int repeat = 0; repeat < 5; ++repeat) EXPECT_TRUE(measure(sample).equal(first)) << cells << " cells";
  }
}

TEST(CellStatsCudaTest, MarksNaNAndCellsOutOfRange) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t cells : {4, 40}) {
    RowSample sample = sample_rows({1, 5000, cells});
    sample.cells[50] = 2;
    sample.logits[0][50] = std::numeric_limits<float>::quiet_NaN();
    at::Tensor sums = measure(on_gpu(sample))[0];
    EXPECT_TRUE(sums[2][kLoss].isnan().item<bool>());
    EXPECT_TRUE(sums[1].isfinite().all().item<bool>());
    sample.logits[0][50] = 0.0f;
    sample.cells[50] = cells;
    sums = measure(on_gpu(sample))[0];
    EXPECT_TRUE(sums[0].isnan().all().item<bool>());
    EXPECT_TRUE(push_sample(on_gpu(sample))[0][50].isnan().item<bool>());
  }
}

TEST(PushCudaTest, AgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for_each_shape(kAllSizes, [](const RowShape& shape) {
    const RowSample sample = sample_rows(shape);
    EXPECT_LT(largest_difference(push_sample(on_gpu(sample)), push_sample(sample)),
              shape.logit_type == at::kFloat ? 2e-6 : 8e-3)
        << described(shape);
  });
}

// What scripts/gpu_check.sh runs under compute-sanitizer, which makes the tests above take many minutes.
TEST(RowCudaTest, SmallBatchesAgreeWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for_each_shape({33, 1025}, [](const RowShape& shape) {
    const RowSample sample = sample_rows(shape), gpu = on_gpu(sample);
    EXPECT_LT(largest_difference(measure(gpu), measure(sample)), 3e-6) << described(shape);
    EXPECT_LT(largest_difference(push_sample(gpu), push_sample(sample)), shape.logit_type == at::kFloat ? 2e-6 : 8e-3)
        << described(shape);
  });
}

TEST(PushCudaTest, SurvivesExtremeLogits) {
  EQUIPOISE_NEEDS_GPU();
  const float infinity = std::numeric_limits<float>::infinity();
  RowSample sample = sample_rows({1, 6, 2});
  sample.logits = at::tensor({1e4f, -1e4f, infinity, -infinity, 80.0f, -80.0f}).unsqueeze(0);
  EXPECT_LT(largest_difference(push_sample(on_gpu(sample)), push_sample(sample)), 1e-6);
  EXPECT_LT(largest_difference(measure(on_gpu(sample)), measure(sample)), 1e-6);
}

TEST(LagrangianCudaTest, AgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  const RowSample sample = sample_rows({3, 2000, 6, at::kFloat, at::kByte, true});
  const RowSample gpu = on_gpu(sample);
  at::Tensor logits = gpu.logits.clone().requires_grad_();
  const auto [value, sums] = lagrangian(logits, gpu.cells, gpu.cell_labels, gpu.loss_price, gpu.soft_price, gpu.weights,
                                        gpu.threshold, gpu.temperature);
  value.sum().backward();
  EXPECT_LT(largest_difference(logits.grad(), push_sample(sample)), 2e-6);
  EXPECT_LT(largest_difference(sums, measure(sample)), 2e-6);
}

}  // namespace row_cuda_test
}  // namespace equipoise::kernels
