#include <gtest/gtest.h>

#include <vector>

#include "kernels/activate/activate.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::kernels {
namespace activate_cuda_test {

constexpr at::ScalarType kTypes[] = {at::kFloat, at::kBFloat16};

Dropout dropout_on(const at::Device& device) {
  Dropout drop;
  drop.rate_256 = 77;
  drop.seeds = at::tensor({11, 12}, at::kLong).to(device);
  drop.step = at::tensor({5}, at::kLong).to(device);
  return drop;
}

// The same numbers on the GPU, `shift` numbers behind a boundary of 16 bytes: above 0 none can be read 16 bytes at a time.
at::Tensor moved(const at::Tensor& host, std::int64_t shift) {
  const at::Tensor room = at::empty({host.numel() + shift}, host.options().device(at::kCUDA));
  at::Tensor numbers = room.narrow(0, shift, host.numel()).view(host.sizes());
  numbers.copy_(host);
  return numbers;
}

TEST(ActivateCudaTest, AgreesWithTheCpuBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  at::manual_seed(9);
  for (const at::ScalarType type : kTypes) {
    for (const std::int64_t width : {1, 15, 16, 100, 256, 257}) {
      for (const std::int64_t shift : {0, 1}) {
        const at::Tensor before = at::randn({2, 70, width}).to(type), bias = at::randn({2, width});
        for (const auto& added : {std::optional<at::Tensor>(), std::optional<at::Tensor>(bias)}) {
          at::Tensor x = before.clone(), on_device = moved(before, shift);
          activate_(x, added, dropout_on(at::kCPU));
          activate_(on_device, added ? std::optional(moved(bias, shift)) : added, dropout_on(at::kCUDA));
          EXPECT_TRUE(x.equal(on_device.cpu())) << type << ", " << width << " units, shifted by " << shift;
        }
      }
    }
  }
}

// Blocks of backward have other shapes for few units, for many, with a bias gradient and without.
TEST(ActivateCudaTest, BackwardAgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  at::manual_seed(10);
  for (const at::ScalarType type : kTypes) {
    for (const std::int64_t rows : {0, 1, 300, 5000}) {
      for (const std::int64_t width : {1, 8, 33, 256, 1000}) {
        for (const std::int64_t shift : {0, 1}) {
          const at::Tensor activated = at::randn({2, rows, width}).to(type).clamp_min(0);
          const at::Tensor before = at::randn({2, rows, width}).to(type);
          at::Tensor gradient = before.clone(), bias_gradient = at::full({2, width}, 9.0);
          at::Tensor on_device = moved(before, shift), bias_on_device = bias_gradient.cuda(),
                     alone = moved(before, shift);
          activate_backward_(gradient, activated, bias_gradient, 77);
          activate_backward_(on_device, moved(activated, shift), bias_on_device, 77);
          activate_backward_(alone, moved(activated, shift), std::nullopt, 77);
          const auto shape = [&] {
            return std::to_string(rows) + " rows, " + std::to_string(width) + " units, shifted by " +
                   std::to_string(shift);
          };
          EXPECT_TRUE(gradient.equal(on_device.cpu())) << type << ", " << shape();
          EXPECT_TRUE(gradient.equal(alone.cpu())) << type << ", " << shape();
          EXPECT_TRUE(bias_gradient.allclose(bias_on_device.cpu(), 1e-4, 1e-3)) << type << ", " << shape();
        }
      }
    }
  }
}

TEST(ActivateCudaTest, BackwardRepeatsItsBits) {
  EQUIPOISE_NEEDS_GPU();
  at::manual_seed(11);
  const at::Tensor activated = at::randn({3, 4096, 128}).cuda(), before = at::randn({3, 4096, 128}).cuda();
  std::vector<at::Tensor> sums;
  for (int i = 0; i < 2; ++i) {
    at::Tensor gradient = before.clone(), bias_gradient = at::empty({3, 128}, before.options());
    activate_backward_(gradient, activated, bias_gradient, 0);
    sums.push_back(bias_gradient);
  }
  EXPECT_TRUE(sums[0].equal(sums[1]));
}

}  // namespace activate_cuda_test
}  // namespace equipoise::kernels
