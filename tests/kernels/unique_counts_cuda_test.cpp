#include <gtest/gtest.h>

#include "kernels/unique_counts/unique_counts.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::kernels {
namespace unique_counts_cuda_test {

TEST(UniqueCountsCudaTest, GivesTheSameIntegersAsTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  at::manual_seed(6);
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 1023, 1025, 200'000}) {
    for (const std::int64_t levels : {1, 2, 64, 4096}) {
      for (const at::ScalarType type : {at::kInt, at::kLong}) {
        const at::Tensor values = at::randint(-levels / 2, levels - levels / 2, {rows}, at::kLong).to(type);
        const UniqueCounts on_cpu = unique_counts(values), on_cuda = unique_counts(values.cuda());
        EXPECT_TRUE(on_cuda.values.cpu().equal(on_cpu.values)) << rows << " rows, " << levels << " levels";
        EXPECT_TRUE(on_cuda.counts.cpu().equal(on_cpu.counts)) << rows << " rows, " << levels << " levels";
      }
    }
  }
}

}  // namespace unique_counts_cuda_test
}  // namespace equipoise::kernels
