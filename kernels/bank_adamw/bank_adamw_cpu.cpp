// bank_adamw on the CPU. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include "kernels/bank_adamw/bank_adamw_kernel.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {

// Sixteen sums side by side at every level: other instruction sets add in the same order.
void squares_of_block(const BankAdamWProblem& problem, std::int64_t member, std::int64_t block, double& result) {
  constexpr int kSums = 16;
  const std::int64_t begin = block * kNormBlock;
  const std::int64_t rest = problem.parameter_count - begin;
  const std::int64_t count = rest < kNormBlock ? rest : kNormBlock;
  const float* gradients = problem.gradients + member * problem.parameter_count + begin;
  double sums[kSums] = {};
  std::int64_t i = 0;
  for (; i + kSums <= count; i += kSums) {
    for (int lane = 0; lane < kSums; ++lane) {
      const double gradient = gradients[i + lane];
      sums[lane] += gradient * gradient;
    }
  }
  for (; i < count; ++i) sums[i % kSums] += static_cast<double>(gradients[i]) * gradients[i];
  double sum = 0;
  for (const double part : sums) sum += part;
  result = sum;
}

void adamw_range(const BankAdamWProblem& problem, const AdamWStep& step, std::int64_t member, std::int64_t begin,
                 std::int64_t end) {
  const std::int64_t offset = member * problem.parameter_count;
  const float* __restrict gradients = problem.gradients + offset;
  float* __restrict parameters = problem.parameters + offset;
  float* __restrict mean = problem.mean + offset;
  float* __restrict square = problem.square + offset;
  for (std::int64_t i = begin; i < end; ++i) adamw(step, gradients[i], parameters[i], mean[i], square[i]);
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
