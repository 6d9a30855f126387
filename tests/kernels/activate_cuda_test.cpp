#include <gtest/gtest.h>

#include "kernels/activate/activate.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::kernels {
namespace {

Dropout dropout_on(const at::Device& device) {
  Dropout drop;
  drop.rate_256 = 77;
  drop.seeds = at::tensor({11, 12}, at::kLong).to(device);
  drop.step = at::tensor({5}, at::kLong).to(device);
  return drop;
}

TEST(ActivateCudaTest, AgreesWithTheCpuBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  at::manual_seed(9);
  for (const std::int64_t width : {1, 15, 16, 100, 257}) {
    at::Tensor x = at::randn({2, 70, width});
    const at::Tensor bias = at::randn({2, width});
    at::Tensor on_device = x.cuda();
    activate_(x, bias, dropout_on(at::kCPU));
    activate_(on_device, bias.cuda(), dropout_on(at::kCUDA));
    EXPECT_TRUE(x.equal(on_device.cpu())) << width;
  }
}

TEST(ActivateCudaTest, BackwardAgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  at::manual_seed(10);
  at::Tensor x = at::randn({2, 300, 33});
  activate_(x, at::randn({2, 33}), dropout_on(at::kCPU));
  at::Tensor gradient = at::randn({2, 300, 33}), bias_gradient = at::empty({2, 33});
  at::Tensor on_device = gradient.cuda(), bias_on_device = bias_gradient.cuda();
  activate_backward_(gradient, x, bias_gradient, 77);
  activate_backward_(on_device, x.cuda(), bias_on_device, 77);
  EXPECT_TRUE(gradient.equal(on_device.cpu()));
  EXPECT_TRUE(at::allclose(bias_gradient, bias_on_device.cpu(), 1e-5, 1e-5));
}

}  // namespace
}  // namespace equipoise::kernels
