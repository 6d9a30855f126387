#include <gtest/gtest.h>

#include "kernels/judge/judge.h"
#include "tests/kernels/cuda_device.h"
#include "tests/kernels/judge_sample.h"

namespace equipoise::kernels {
namespace judge_cuda_test {

TEST(JudgeCudaTest, AgreesWithTheCpuOverSeveralUpdates) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int32_t groups : {1, 4, 64, 300}) {
    const JudgeSample sample(groups);
    const std::int64_t members = 5, constraints = sample.constraints();
    const at::Tensor bounds = at::full({members, constraints}, 0.01, at::kDouble);
    const at::Tensor scale = at::linspace(0.5, 3.0, members, at::kDouble);
    const at::Tensor moves = at::tensor({1, 1, 0, 1, 1}, at::kByte);
    for (const MultiplierRule& rule : {MultiplierRule{}, MultiplierRule{true, 0.9, 2.0, 1.0, 0.8}}) {
      MultiplierState host = zero_multiplier_state(members, constraints, at::kCPU);
      MultiplierState device = zero_multiplier_state(members, constraints, at::kCUDA);
      for (int update = 0; update < 4; ++update) {
        const at::Tensor sums = split_sums(members, groups * 2, 20 + update, update == 1);
        const auto [rates, violations] =
            judge(sums, sample.rates.table(), sample.band_table(), bounds, scale, moves, host, rule);
        const auto [gpu_rates, gpu_violations] =
            judge(sums.cuda(), on_device(sample.rates.table(), at::kCUDA), on_device(sample.band_table(), at::kCUDA),
                  bounds.cuda(), scale.cuda(), moves.cuda(), device, rule);
        EXPECT_TRUE(gpu_rates.cpu().allclose(rates, 1e-12, 0, true)) << groups << " groups, update " << update;
        EXPECT_TRUE(gpu_violations.cpu().allclose(violations, 1e-11, 1e-13, true));
        EXPECT_TRUE(device.values.cpu().allclose(host.values, 1e-10, 1e-12));
        EXPECT_TRUE(device.smoothed.cpu().allclose(host.smoothed, 1e-11, 1e-13));
      }
    }
  }
}

TEST(JudgeCudaTest, ProjectsWhereTheThresholdMeetsAMultiplier) {
  EQUIPOISE_NEEDS_GPU();
  const JudgeSample sample(1);
  MultiplierState state = zero_multiplier_state(1, sample.constraints(), at::kCUDA);
  state.values.copy_(on_the_threshold());
  const at::Tensor sums = split_sums(1, 2, 8, false).cuda();
  judge(sums, on_device(sample.rates.table(), at::kCUDA), on_device(sample.band_table(), at::kCUDA),
        at::zeros({1, 4}, sums.options()), at::zeros({1}, sums.options()),
        at::ones({1}, sums.options().dtype(at::kByte)), state, {false, 0.9, 1.0, 1.0, kRadiusOnTheThreshold});
  EXPECT_NEAR(state.values.sum().item<double>(), kRadiusOnTheThreshold, 1e-14);
}

TEST(JudgeCudaTest, RepeatsBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  const JudgeSample sample(64);
  const at::Tensor sums = split_sums(7, 128, 9, false).cuda();
  const auto run = [&] {
    MultiplierState state = zero_multiplier_state(7, sample.constraints(), at::kCUDA);
    judge(sums, on_device(sample.rates.table(), at::kCUDA), on_device(sample.band_table(), at::kCUDA),
          at::zeros({7, sample.constraints()}, sums.options()), at::ones({7}, sums.options()),
          at::ones({7}, sums.options().dtype(at::kByte)), state, {false, 0.9, 1.0, 1.0, 0.7});
    return state.values;
  };
  EXPECT_TRUE(run().equal(run()));
}

}  // namespace judge_cuda_test
}  // namespace equipoise::kernels
