#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/kernels/cuda_device.h"
#include "tests/kernels/measure_sample.h"
#include "tests/kernels/row_oracle.h"

namespace equipoise::kernels {
namespace measure_price_push_cuda_test {

void expect_as_on_the_cpu(const RowShape& shape, double temperature) {
  const std::string described = std::to_string(shape.rows) + " rows, " + std::to_string(shape.cells) + " cells, " +
                                std::to_string(shape.members) + " members, weighted " + std::to_string(shape.weighted);
  FusedSample cpu(shape), gpu(shape, at::kCUDA);
  if (temperature == 1.0) cpu.rows.threshold = gpu.rows.threshold = 0.0;
  cpu.rows.temperature = gpu.rows.temperature = temperature;
  for (int batch = 0; batch < 3; ++batch) {
    cpu.run_fused();
    gpu.run_fused();
    EXPECT_LT(largest_difference(gpu.workspace.measured.sums, cpu.workspace.measured.sums), 3e-6) << described;
    EXPECT_LT(largest_difference(gpu.averages, cpu.averages), 3e-6) << described;
    EXPECT_LT(largest_difference(gpu.workspace.priced.prices, cpu.workspace.priced.prices), 1e-5) << described;
    EXPECT_LT(largest_difference(gpu.workspace.gradient, cpu.workspace.gradient),
              shape.logit_type == at::kFloat ? 1e-5 : 8e-3)
        << described;
    cpu.move_on();
    gpu.move_on();
  }
}

TEST(MeasurePricePushCudaTest, AgreesWithTheCpuOverSeveralBatches) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t rows : {0, 1, 31, 4096, 4097, 16'384, 16'385}) {
    for (const std::int64_t cells : {1, 2, 8, 9, 64, 128, 129}) {
      for (const bool weighted : {false, true}) {
        const at::ScalarType cell_type = cells <= 8 ? at::kByte : (cells <= 64 ? at::kShort : at::kInt);
        expect_as_on_the_cpu({3, rows, cells, at::kFloat, cell_type, weighted}, weighted ? 0.5 : 1.0);
      }
    }
  }
  for (const std::int64_t members : {1, 64}) {
    expect_as_on_the_cpu({members, 4096, 8, at::kFloat, at::kByte}, 1.0);
    expect_as_on_the_cpu({members, 4097, 64, at::kBFloat16, at::kByte, true}, 0.5);
  }
}

// Few enough rows for compute-sanitizer, enough for a cluster of blocks.
TEST(MeasurePricePushCudaTest, AgreesWithTheCpuInAClusterAndInOneBlock) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t rows : {33, 2100}) {
    for (const std::int64_t cells : {8, 40}) expect_as_on_the_cpu({2, rows, cells, at::kFloat, at::kByte}, 1.0);
  }
}

TEST(MeasurePricePushCudaTest, RepeatsBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t cells : {8, 64}) {
    const RowShape shape{3, 16'383, cells, at::kFloat, at::kByte, true};
    FusedSample first(shape, at::kCUDA);
    first.run_fused();
    for (int repeat = 0; repeat < 5; ++repeat) {
      FusedSample again(shape, at::kCUDA);
      again.run_fused();
      EXPECT_TRUE(again.workspace.measured.sums.equal(first.workspace.measured.sums)) << cells << " cells";
      EXPECT_TRUE(again.workspace.priced.prices.equal(first.workspace.priced.prices)) << cells << " cells";
      EXPECT_TRUE(again.workspace.gradient.equal(first.workspace.gradient)) << cells << " cells";
    }
  }
}

TEST(MeasurePricePushCudaTest, MarksNaNAndCellsOutOfRange) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t cells : {4, 40}) {
    FusedSample sample({1, 5000, cells}, at::kCUDA);
    sample.rows.cells[50] = 2;
    sample.rows.logits[0][50] = std::numeric_limits<float>::quiet_NaN();
    sample.run_fused();
    EXPECT_TRUE(sample.workspace.measured.sums[0][2][kLoss].isnan().item<bool>());
    EXPECT_TRUE(sample.workspace.measured.sums[0][1].isfinite().all().item<bool>());
    EXPECT_TRUE(sample.workspace.priced.prices.isfinite().all().item<bool>());
    EXPECT_EQ(sample.averages[0][2][kLoss].item<double>(), 0.0);
    EXPECT_EQ(sample.workspace.gradient.isnan().sum().item<std::int64_t>(), 1);
    FusedSample bad({1, 5000, cells}, at::kCUDA);
    bad.rows.cells[4050] = cells;
    bad.run_fused();
    EXPECT_TRUE(bad.workspace.measured.sums[0][0].isnan().all().item<bool>());
    EXPECT_TRUE(bad.workspace.measured.sums[0][1].isfinite().all().item<bool>());
    EXPECT_TRUE(bad.workspace.gradient[0][4050].isnan().item<bool>());
    EXPECT_EQ(bad.workspace.gradient.isnan().sum().item<std::int64_t>(), 1);
  }
}

}  // namespace measure_price_push_cuda_test
}  // namespace equipoise::kernels
