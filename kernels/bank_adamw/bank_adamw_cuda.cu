#include <cuda_runtime_api.h>

#include "kernels/bank_adamw/bank_adamw_kernel.h"
#include "kernels/device/launch.cuh"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;

// Adds one value of each thread of the block, in a fixed tree; thread 0 has the sum.
__device__ double sum_of_block(double value) {
  __shared__ double sums[kThreads];
  sums[threadIdx.x] = value;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  return sums[0];
}

// One block a norm block of a member.
__global__ void __launch_bounds__(kThreads) squares_kernel(BankAdamWProblem problem) {
  const std::int64_t member = blockIdx.y;
  const std::int64_t begin = std::int64_t{blockIdx.x} * kNormBlock;
  const std::int64_t rest = problem.parameter_count - begin;
  const std::int64_t count = rest < kNormBlock ? rest : kNormBlock;
  const float* gradients = problem.gradients + member * problem.parameter_count + begin;
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < count; i += kThreads) {
    const double gradient = gradients[i];
    sum += gradient * gradient;
  }
  sum = sum_of_block(sum);
  if (threadIdx.x == 0) problem.partials[member * problem.blocks + blockIdx.x] = sum;
}

// One block a member: the norm, whether the member lives on, the step's count. A member that stops keeps its count; its
// learning rate is no longer read.
__global__ void __launch_bounds__(kThreads) begin_kernel(BankAdamWProblem problem) {
  const std::int64_t member = blockIdx.x;
  double sum = 0.0;
  for (std::int64_t block = threadIdx.x; block < problem.blocks; block += kThreads) {
    sum += problem.partials[member * problem.blocks + block];
  }
  sum = sum_of_block(sum);
  if (threadIdx.x != 0 || problem.alive[member] == 0) return;
  const double norm = sqrt(sum);
  const double rate = problem.learning_rates[member];
  problem.norms[member] = norm;
  if (can_step(problem, norm) && rate - rate == 0.0 && rate >= 0.0) {
    ++problem.steps[member];
  } else {
    problem.alive[member] = 0;
  }
}

// One thread a parameter. What it moves is on its way while the member's step is made, which takes two powers.
__global__ void __launch_bounds__(kThreads) adamw_kernel(BankAdamWProblem problem) {
  const std::int64_t member = blockIdx.y;
  if (problem.alive[member] == 0) return;
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const bool is_parameter = i < problem.parameter_count;
  const std::int64_t at = member * problem.parameter_count + (is_parameter ? i : 0);
  const float gradient = problem.gradients[at];
  float parameter = problem.parameters[at], mean = problem.mean[at], square = problem.square[at];
  __shared__ double corrections[2];
  if (threadIdx.x % 32 == 0 && threadIdx.x < 64) {  // the first lanes of two warps, so that both go at once
    const double beta = threadIdx.x == 0 ? problem.beta1 : problem.beta2;
    corrections[threadIdx.x / 32] = 1.0 - pow(beta, static_cast<double>(problem.steps[member]));
  }
  __syncthreads();
  if (!is_parameter) return;
  const AdamWStep step =
      adamw_step(problem, problem.learning_rates[member], problem.norms[member], corrections[0], corrections[1]);
  adamw(step, gradient, parameter, mean, square);
  problem.parameters[at] = parameter;
  problem.mean[at] = mean;
  problem.square[at] = square;
}

}  // namespace

int launch_bank_adamw(const BankAdamWProblem& problem, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.members == 0 || problem.parameter_count == 0) return cudaSuccess;
  const unsigned members = static_cast<unsigned>(problem.members);
  squares_kernel<<<dim3(static_cast<unsigned>(problem.blocks), members), kThreads, 0, stream>>>(problem);
  begin_kernel<<<members, kThreads, 0, stream>>>(problem);
  const auto blocks = static_cast<unsigned>((problem.parameter_count + kThreads - 1) / kThreads);
  adamw_kernel<<<dim3(blocks, members), kThreads, 0, stream>>>(problem);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
