#include <gtest/gtest.h>

#include <limits>

#include "kernels/not_finite/not_finite.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::kernels {
namespace not_finite_cuda_test {

TEST(NotFiniteCudaTest, AgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  at::manual_seed(11);
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t rows : {0, 1, 31, 33, 1025, 200'003}) {
      at::Tensor logits = at::randn({3, rows}).to(type);
      if (rows > 0) {
        logits[0].masked_fill_(at::rand({rows}) < 0.01, std::numeric_limits<float>::quiet_NaN());
        logits[2][rows - 1] = std::numeric_limits<float>::infinity();
      }
      EXPECT_TRUE(at::equal(not_finite(logits.cuda()).cpu(), not_finite(logits))) << rows;
    }
  }
}

}  // namespace not_finite_cuda_test
}  // namespace equipoise::kernels
