#include <cuda_runtime_api.h>

#include "kernels/activate/activate_kernel.h"
#include "kernels/activate/activate_math.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;

// One thread a draw: kUnitsPerDraw neighbouring units of one row.
__global__ void activate_kernel(ActivateProblem problem, std::int64_t draws_per_row) {
  const std::int64_t draw = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (draw >= problem.members * problem.rows * draws_per_row) return;
  const std::int64_t block = draw % draws_per_row;
  const std::int64_t row = draw / draws_per_row % problem.rows;
  const std::int64_t member = draw / draws_per_row / problem.rows;
  const bool drops = problem.rate_256 != 0;
  const float scale = dropout_scale(problem.rate_256);
  PhiloxCounter random = {};
  if (drops) {
    random = dropout_draw(*problem.step, problem.layer, row, block,
                          philox_key(static_cast<std::uint64_t>(problem.seeds[member])));
  }
  const std::int64_t first = block * kUnitsPerDraw;
  float* x = problem.x + (member * problem.rows + row) * problem.units;
  const float* bias = problem.bias != nullptr ? problem.bias + member * problem.bias_stride : nullptr;
#pragma unroll
  for (int i = 0; i < kUnitsPerDraw; ++i) {
    const std::int64_t unit = first + i;
    if (unit >= problem.units) break;
    const float value = bias != nullptr ? x[unit] + bias[unit] : x[unit];
    const bool kept = !drops || dropout_byte(random, i) >= static_cast<std::uint32_t>(problem.rate_256);
    x[unit] = activated(value, kept, scale);
  }
}

// One thread a unit, rows in order: the sum has one order, neighbouring threads read neighbouring floats.
__global__ void activate_backward_kernel(ActivateBackwardProblem problem) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= problem.members * problem.units) return;
  const std::int64_t member = i / problem.units;
  const std::int64_t unit = i % problem.units;
  const float scale = dropout_scale(problem.rate_256);
  float sum = 0.0f;
  for (std::int64_t row = 0; row < problem.rows; ++row) {
    const std::int64_t at = (member * problem.rows + row) * problem.units + unit;
    const float gradient = problem.activated[at] > 0.0f ? problem.gradient[at] * scale : 0.0f;
    problem.gradient[at] = gradient;
    sum += gradient;
  }
  if (problem.bias_gradient != nullptr) problem.bias_gradient[member * problem.bias_stride + unit] = sum;
}

}  // namespace

int launch_activate(const ActivateProblem& problem, void* stream) {
  const std::int64_t draws_per_row = (problem.units + kUnitsPerDraw - 1) / kUnitsPerDraw;
  const std::int64_t draws = problem.members * problem.rows * draws_per_row;
  if (draws == 0) return cudaSuccess;
  activate_kernel<<<static_cast<unsigned>((draws + kThreads - 1) / kThreads), kThreads, 0,
                    static_cast<cudaStream_t>(stream)>>>(problem, draws_per_row);
  return cudaGetLastError();
}

int launch_activate_backward(const ActivateBackwardProblem& problem, void* stream) {
  const std::int64_t units = problem.members * problem.units;
  if (units == 0) return cudaSuccess;
  activate_backward_kernel<<<static_cast<unsigned>((units + kThreads - 1) / kThreads), kThreads, 0,
                             static_cast<cudaStream_t>(stream)>>>(problem);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
