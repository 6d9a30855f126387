#include <gtest/gtest.h>

#include "kernels/draw/draw.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::kernels {
namespace draw_cuda_test {

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

TEST(DrawCudaTest, GivesTheSameRowsOfCellsAsTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  const std::int64_t cells = 70, population = 10'007;
  at::Tensor order = at::randperm(population, at::kLong), offsets = at::empty({cells + 1}, at::kLong);
  std::vector<double> shares(cells, 1.0 / (cells - 1));
  shares[3] = 0;
  for (std::int64_t cell = 0; cell <= cells; ++cell) offsets[cell] = cell * population / cells;
  const CellShares on_cpu{order, offsets, limits_of_shares(shares)},
      on_gpu{order.cuda(), offsets.cuda(), on_cpu.limits.cuda()};
  for (const std::int64_t batch : {1, 31, 32, 33, 1023, 1025}) {
    for (const std::int64_t step : {0, 5, 12345}) {
      at::Tensor rows = at::empty({batch}, at::kLong), gpu_rows = rows.cuda();
      draw_cells(rows, on_cpu, 99, step);
      draw_cells(gpu_rows, on_gpu, 99, at::full({1}, step, at::kLong).cuda());
      EXPECT_TRUE(gpu_rows.cpu().equal(rows)) << batch << " at step " << step;
    }
  }
}

}  // namespace draw_cuda_test
}  // namespace equipoise::kernels
