#include <gtest/gtest.h>

#include <limits>

#include "kernels/bank_adamw/bank_adamw.h"
#include "tests/kernels/bank_adamw_sample.h"
#include "tests/kernels/cuda_device.h"

namespace equipoise::kernels {
namespace bank_adamw_cuda_test {

// Parameters and state after some steps on a device, back on the host.
struct Moved {
  at::Tensor parameters, norms, steps, alive;
};

Moved moved_on(const at::Device& device, const BankSample& sample, const BankAdamWRule& rule) {
  at::Tensor parameters = sample.parameters.to(device).clone();
  BankAdamWState state = make_bank_adamw_state(parameters);
  for (int step = 0; step < 4; ++step) {
    bank_adamw_(parameters, sample.gradients.to(device) * (step + 1), state, sample.learning_rates.to(device), rule);
  }
  return {parameters.cpu(), state.norms.cpu(), state.steps.cpu(), state.alive.cpu()};
}

TEST(BankAdamWCudaTest, AgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const auto& [members, parameters] : std::vector<std::pair<int, int>>{{1, 1}, {3, 1025}, {64, 300}, {2, 70001}}) {
    for (const double clip : {0.0, 0.5}) {
      BankAdamWRule rule;
      rule.weight_decay = 0.05;
      rule.clip_norm = clip;
      const BankSample sample = bank_sample(members, parameters, 8);
      const Moved host = moved_on(at::kCPU, sample, rule), device = moved_on(at::kCUDA, sample, rule);
      EXPECT_TRUE(at::allclose(device.parameters, host.parameters, 1e-5, 1e-6)) << members << " x " << parameters;
      EXPECT_TRUE(at::allclose(device.norms, host.norms, 1e-12));
      EXPECT_TRUE(at::equal(device.steps, host.steps));
      EXPECT_TRUE(at::equal(device.parameters, moved_on(at::kCUDA, sample, rule).parameters)) << "from run to run";
    }
  }
}

TEST(BankAdamWCudaTest, StopsTheMemberWhoseGradientOrRateIsNotFinite) {
  EQUIPOISE_NEEDS_GPU();
  BankSample sample = bank_sample(3, 5000, 9);
  sample.gradients[0][17] = std::numeric_limits<float>::infinity();
  sample.learning_rates[2] = std::numeric_limits<double>::quiet_NaN();
  const Moved moved = moved_on(at::kCUDA, sample, {});
  EXPECT_TRUE(at::equal(moved.alive, at::tensor({0, 1, 0}, at::kByte)));
  EXPECT_TRUE(at::equal(moved.steps, at::tensor({0, 4, 0}, at::kLong)));
  EXPECT_TRUE(at::equal(moved.parameters[0], sample.parameters[0]));
  EXPECT_TRUE(at::equal(moved.parameters[2], sample.parameters[2]));
}

}  // namespace bank_adamw_cuda_test
}  // namespace equipoise::kernels
