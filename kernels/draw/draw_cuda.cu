#include <cuda_runtime_api.h>

#include "kernels/device/launch.cuh"
#include "kernels/draw/draw_kernel.h"
#include "kernels/draw/draw_math.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 128;
constexpr std::int64_t kMostBlocks = 1 << 30;

__device__ std::int64_t step_of(const DrawProblem& problem) {
  return problem.step_pointer != nullptr ? *problem.step_pointer : problem.step;
}

__global__ void draw_epoch_kernel(DrawProblem problem) {
  const std::int64_t slot = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (slot >= problem.batch) return;
  const std::int64_t step = step_of(problem);
  const std::int64_t steps_per_epoch = problem.population / problem.batch;
  const Permutation permutation = make_permutation(problem.population, problem.seed, step / steps_per_epoch);
  problem.rows[slot] = permuted(permutation, step % steps_per_epoch * problem.batch + slot);
}

__global__ void draw_uniform_kernel(DrawProblem problem) {
  const std::int64_t slot = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (slot >= problem.batch) return;
  problem.rows[slot] = uniform_row(problem.population, problem.seed, step_of(problem), slot);
}

__global__ void draw_cells_kernel(DrawProblem problem) {
  const std::int64_t slot = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (slot >= problem.batch) return;
  const std::int64_t step = step_of(problem);
  const std::int64_t cell = cell_of_position(problem.limits, problem.cells,
                                             position_of_slot(problem.batch, start_of_step(problem.seed, step), slot));
  const std::int64_t first = problem.offsets[cell], rows = problem.offsets[cell + 1] - first;
  problem.rows[slot] = rows > 0 ? problem.order[first + place_in_cell(rows, problem.seed, step, slot)] : -1;
}

}  // namespace

int launch_draw_epoch(const DrawProblem& problem, void* stream) {
  draw_epoch_kernel<<<blocks_for(problem.batch, kThreads, kMostBlocks), kThreads, 0,
                      static_cast<cudaStream_t>(stream)>>>(problem);
  return cudaGetLastError();
}

int launch_draw_uniform(const DrawProblem& problem, void* stream) {
  draw_uniform_kernel<<<blocks_for(problem.batch, kThreads, kMostBlocks), kThreads, 0,
                        static_cast<cudaStream_t>(stream)>>>(problem);
  return cudaGetLastError();
}

int launch_draw_cells(const DrawProblem& problem, void* stream) {
  draw_cells_kernel<<<blocks_for(problem.batch, kThreads, kMostBlocks), kThreads, 0,
                      static_cast<cudaStream_t>(stream)>>>(problem);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
