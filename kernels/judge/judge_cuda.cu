#include <cuda_runtime_api.h>

#include "kernels/judge/judge_kernel.h"
#include "kernels/judge/judge_math.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 128;

struct Above {
  double sum;
  std::int64_t count;
};

// Sum and number of the values above `given_up`, the same in every thread. Pairs of threads are added in a fixed tree.
__device__ Above sum_above(const double* values, std::int64_t count, double given_up) {
  __shared__ double sums[kThreads];
  __shared__ std::int64_t counts[kThreads];
  Above own = {0.0, 0};
  for (std::int64_t j = threadIdx.x; j < count; j += kThreads) {
    if (values[j] <= given_up) continue;
    own.sum += values[j];
    ++own.count;
  }
  sums[threadIdx.x] = own.sum;
  counts[threadIdx.x] = own.count;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      sums[threadIdx.x] += sums[threadIdx.x + half];
      counts[threadIdx.x] += counts[threadIdx.x + half];
    }
    __syncthreads();
  }
  const Above total = {sums[0], counts[0]};
  __syncthreads();  // the next call writes where this one reads
  return total;
}

// As in judge_cpu.cpp: what every positive value gives up is raised until the rest adds up to the radius.
__device__ void project(double* values, std::int64_t count, double radius) {
  double given_up = 0.0;
  for (std::int64_t above_before = -1;;) {
    const Above above = sum_above(values, count, given_up);
    if (above_before < 0 && above.sum <= radius) return;
    if (above.count == 0 || (above_before >= 0 && above.count >= above_before)) break;
    given_up = (above.sum - radius) / static_cast<double>(above.count);
    above_before = above.count;
  }
  for (std::int64_t j = threadIdx.x; j < count; j += kThreads) {
    values[j] = values[j] > given_up ? values[j] - given_up : 0.0;
  }
}

// One block a member; every thread has rates, bands and constraints of its own.
__global__ void __launch_bounds__(kThreads) judge_kernel(JudgeProblem problem) {
  const std::int64_t member = blockIdx.x;
  const std::int64_t rows = problem.constraint_count;
  const double* sums = problem.sums + member * problem.cell_count * 4;
  double* rates = problem.rates + member * problem.rate_count;
  double* middles = problem.middles + member * problem.band_count;
  for (std::int64_t rate = threadIdx.x; rate < problem.rate_count; rate += kThreads) {
    rates[rate] = exact_rate(problem, rate, sums);
  }
  __syncthreads();
  for (std::int64_t band = threadIdx.x; band < problem.band_count; band += kThreads) {
    middles[band] = band_middle(problem, band, rates);
  }
  __syncthreads();
  const bool moves = problem.moves[member] != 0;
  for (std::int64_t row = threadIdx.x; row < rows; row += kThreads) {
    const std::int64_t slot = member * rows + row;
    problem.violations[slot] = violation_of(problem, row, problem.bounds[slot], rates, middles);
    if (moves) {
      problem.multipliers[slot] = moved_multiplier(problem, slot, problem.violations[slot], problem.scale[member]);
    }
  }
  __syncthreads();
  if (moves && problem.rule.radius > 0.0) project(problem.multipliers + member * rows, rows, problem.rule.radius);
}

}  // namespace

int launch_judge(const JudgeProblem& problem, void* stream) {
  if (problem.members == 0) return cudaSuccess;
  judge_kernel<<<static_cast<unsigned>(problem.members), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(problem);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
