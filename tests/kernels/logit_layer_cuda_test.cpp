#include <gtest/gtest.h>

#include "tests/kernels/cuda_device.h"
#include "tests/kernels/logit_layer_sample.h"

namespace equipoise::kernels {
namespace logit_layer_cuda_test {

LogitLayerGradients found_on_gpu(const LogitLayerSample& s) {
  return LogitLayerGradients(
      logit_layer_backward(s.gradient.cuda(), s.weight.cuda(), s.activated.cuda(), kSampleRate256));
}

TEST(LogitLayerCudaTest, AgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t members : {1, 3, 64}) {
      for (const std::int64_t rows : {0, 1, 33, 4096, 20'000}) {
        for (const std::int64_t units : {1, 7, 8, 256, 300}) {
          if (members * rows * units > 100'000'000) continue;
          const LogitLayerSample sample = logit_layer_sample(members, rows, units, type);
          const LogitLayerGradients cpu(
              logit_layer_backward(sample.gradient, sample.weight, sample.activated, kSampleRate256));
          const LogitLayerGradients gpu = found_on_gpu(sample);
          const std::string shape = std::to_string(members) + " members, " + std::to_string(rows) + " rows, " +
                                    std::to_string(units) + " units";
          EXPECT_TRUE(gpu.below.cpu().equal(cpu.below)) << shape;
          EXPECT_TRUE(gpu.weight.cpu().allclose(cpu.weight, 1e-4, 1e-3)) << shape;
          EXPECT_TRUE(gpu.bias.cpu().allclose(cpu.bias, 1e-4, 1e-3)) << shape;
          EXPECT_TRUE(gpu.below_bias.cpu().allclose(cpu.below_bias, 1e-4, 1e-3)) << shape;
        }
      }
    }
  }
}

TEST(LogitLayerCudaTest, RepeatsItsBits) {
  EQUIPOISE_NEEDS_GPU();
  const LogitLayerSample sample = logit_layer_sample(3, 5000, 128, at::kFloat);
  const LogitLayerGradients first = found_on_gpu(sample);
  for (int repeat = 0; repeat < 5; ++repeat) {
    const LogitLayerGradients again = found_on_gpu(sample);
    EXPECT_TRUE(again.weight.equal(first.weight) && again.below_bias.equal(first.below_bias) &&
                again.bias.equal(first.bias));
  }
}

}  // namespace logit_layer_cuda_test
}  // namespace equipoise::kernels
