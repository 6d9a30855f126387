#include <gtest/gtest.h>

#include "kernels/cell_order/cell_order.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::kernels {
namespace cell_order_cuda_test {

TEST(CellOrderCudaTest, GivesTheSameIntegersAsTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  at::manual_seed(5);
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 1023, 1025, 200'000}) {
    for (const std::int64_t cells : {1, 2, 8, 64, 256, 4096}) {
      for (const at::ScalarType type : {at::kByte, at::kShort, at::kInt}) {
        if (type == at::kByte && cells > 256) continue;
        const at::Tensor drawn = at::randint(cells, {rows}, at::kLong).to(type);
        const CellOrder on_cpu = cell_order(drawn, cells), on_cuda = cell_order(drawn.cuda(), cells);
        EXPECT_TRUE(on_cuda.rows.cpu().equal(on_cpu.rows)) << rows << " rows, " << cells << " cells of " << type;
        EXPECT_TRUE(on_cuda.offsets.cpu().equal(on_cpu.offsets)) << rows << " rows, " << cells << " cells of " << type;
      }
    }
  }
}

TEST(CellOrderCudaTest, PutsRowsOfNoCellLast) {
  EQUIPOISE_NEEDS_GPU();
  const CellOrder order = cell_order(at::tensor({1, 7, 0, -1, 1}, at::kInt).cuda(), 2);
  EXPECT_TRUE(order.rows.cpu().equal(at::tensor({2, 0, 4, 1, 3}, at::kLong)));
  EXPECT_TRUE(order.offsets.cpu().equal(at::tensor({0, 1, 3}, at::kLong)));
}

}  // namespace cell_order_cuda_test
}  // namespace equipoise::kernels
