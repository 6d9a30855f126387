#include <gtest/gtest.h>

#include "kernels/draw/draw.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::kernels {
namespace {

TEST(DrawCudaTest, GivesTheSameIntegersAsTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t batch : {1, 31, 32, 33, 1023, 1025}) {
    for (const std::int64_t population : {std::int64_t{1025}, std::int64_t{100'003}, (std::int64_t{1} << 40) + 3}) {
      for (const std::int64_t step : {0, 5, 12345}) {
        at::Tensor rows = at::empty({batch}, at::kLong), gpu_rows = rows.cuda();
        draw_epoch(rows, population, 99, step);
        draw_epoch(gpu_rows, population, 99, step);
        EXPECT_TRUE(gpu_rows.cpu().equal(rows)) << batch << " of " << population << " at step " << step;
        draw_uniform(rows, population, 99, step);
        draw_uniform(gpu_rows, population, 99, at::full({1}, step, at::kLong).cuda());
        EXPECT_TRUE(gpu_rows.cpu().equal(rows)) << batch << " of " << population << " at step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace equipoise::kernels
