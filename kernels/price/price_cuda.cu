#include <cuda_runtime_api.h>

#include "kernels/price/price_kernel.h"
#include "kernels/price/price_math.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;

// An index that is not in the table's range is passed over: the host has no chance to look without a sync.
__device__ bool inside(std::int32_t index, std::int64_t bound) {
  return index >= 0 && index < bound;
}

__device__ double form(const SparseRows& rows, std::int64_t row, const double* averages, double correction,
                       std::int64_t cells) {
  double sum = 0.0;
  for (std::int32_t i = rows.offsets[row]; i < rows.offsets[row + 1]; ++i) {
    const std::int32_t index = rows.index[i];
    if (inside(index, cells * 3)) sum += rows.value[i] * averages[index / 3 * 4 + index % 3] * correction;
  }
  return sum;
}

// The value of a row at one index of the sums.
__device__ double entry(const SparseRows& rows, std::int64_t row, std::int32_t index) {
  double sum = 0.0;
  for (std::int32_t i = rows.offsets[row]; i < rows.offsets[row + 1]; ++i) {
    if (rows.index[i] == index) sum += rows.value[i];
  }
  return sum;
}

// One block a member. Every thread gathers what its own rate or cell needs, in the order of the table: no atomics.
__global__ void __launch_bounds__(kThreads) price_kernel(PriceProblem problem) {
  __shared__ double partial_weight[kThreads];
  const std::int64_t member = blockIdx.x;
  const std::int64_t cells = problem.cell_count;
  const double* sums = problem.sums + member * cells * 4;
  double* averages = problem.averages + member * cells * 4;
  double* rate_slopes = problem.rate_slopes + member * problem.rate_count * 2;
  const double* multipliers = problem.multipliers + member * problem.constraint_count;
  for (std::int64_t i = threadIdx.x; i < cells * 4; i += kThreads) {
    averages[i] = moved_average(averages[i], sums[i], problem.decay);
  }
  double weight = 0.0;
  for (std::int64_t cell = threadIdx.x; cell < cells; cell += kThreads) weight += sums[cell * 4];
  partial_weight[threadIdx.x] = weight;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) partial_weight[threadIdx.x] += partial_weight[threadIdx.x + half];
    __syncthreads();
  }
  const double correction = 1.0 / (1.0 - pow(problem.decay, static_cast<double>(*problem.step)));
  const double objective = is_finite(1.0 / partial_weight[0]) ? 1.0 / partial_weight[0] : 0.0;

  for (std::int64_t rate = threadIdx.x; rate < problem.rate_count; rate += kThreads) {
    double rate_price = 0.0;
    for (std::int64_t j = 0; j < problem.constraint_count; ++j) {
      const double multiplier = multipliers[j];
      if (multiplier == 0.0) continue;
      rate_price += multiplier * entry(problem.constraints, j, static_cast<std::int32_t>(rate));
    }
    RatioSlope slope = {0.0, 0.0};
    if (rate_price != 0.0) {
      slope = ratio_slope(form(problem.numerators, rate, averages, correction, cells),
                          form(problem.denominators, rate, averages, correction, cells));
    }
    rate_slopes[rate * 2] = rate_price * slope.by_numerator;
    rate_slopes[rate * 2 + 1] = rate_price * slope.by_denominator;
  }
  __syncthreads();

  float* prices = problem.prices + member * cells * 2;
  for (std::int64_t i = threadIdx.x; i < cells * 2; i += kThreads) {
    const std::int64_t quantity = i / cells;  // 0: loss, 1: soft positives, as in the prices
    const std::int32_t index = static_cast<std::int32_t>(i % cells * 3 + quantity + 1);
    double price = 0.0;
    for (std::int64_t rate = 0; rate < problem.rate_count; ++rate) {
      const double by_numerator = rate_slopes[rate * 2];
      const double by_denominator = rate_slopes[rate * 2 + 1];
      if (by_numerator != 0.0) price += by_numerator * entry(problem.numerators, rate, index);
      if (by_denominator != 0.0) price += by_denominator * entry(problem.denominators, rate, index);
    }
    prices[i] = static_cast<float>(quantity == 0 ? objective + price : price);
  }
}

}  // namespace

int launch_price(const PriceProblem& problem, void* stream) {
  if (problem.members == 0) return cudaSuccess;
  price_kernel<<<static_cast<unsigned>(problem.members), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(problem);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
