#include <gtest/gtest.h>

#include "kernels/price/price.h"
#include "tests/kernels/cuda_device.h"
#include "tests/kernels/rate_sample.h"

namespace equipoise::kernels {
namespace price_cuda_test {

TEST(PriceCudaTest, AgreesWithTheCpuOverSeveralBatches) {
  EQUIPOISE_NEEDS_GPU();
  const RateTable table = two_groups().table();
  const RateTable gpu_table = on_device(table, at::kCUDA);
  at::Tensor averages = empty_averages(5, 4, at::kCPU), gpu_averages = empty_averages(5, 4, at::kCUDA);
  at::Tensor step = at::zeros({1}, at::kLong), gpu_step = step.cuda();
  const at::Tensor multipliers = at::rand({5, 4}, at::kDouble);
  for (int batch = 0; batch < 6; ++batch) {
    at::Tensor sums = at::rand({5, 4, 4}, at::kDouble) + 0.5;
    if (batch == 2) sums.select(1, 3).zero_();
    const at::Tensor prices = price(sums, averages, step, multipliers, table, 0.9);
    const at::Tensor gpu_prices = price(sums.cuda(), gpu_averages, gpu_step, multipliers.cuda(), gpu_table, 0.9);
    EXPECT_TRUE(gpu_prices.cpu().allclose(prices, 1e-6, 1e-9)) << "batch " << batch;
    EXPECT_TRUE(gpu_averages.cpu().allclose(averages, 1e-12, 0));
    EXPECT_EQ(gpu_step.item<std::int64_t>(), batch + 1);
  }
}

}  // namespace price_cuda_test
}  // namespace equipoise::kernels
