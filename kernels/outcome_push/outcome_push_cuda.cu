#include <cuda_runtime_api.h>

#include "kernels/device/launch.cuh"
#include "kernels/outcome_push/outcome_push_kernel.h"
#include "kernels/outcome_push/outcome_push_math.h"
#include "kernels/outcome_stats/score_tile.cuh"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 128;               // and rows at a time
constexpr std::int64_t kMostBlocks = 8192;  // enough to fill any GPU; the rest is a loop

__device__ __forceinline__ void store_gradient(const OutcomePushProblem& problem, std::int64_t at, float value) {
  if (problem.bfloat16) {
    store(static_cast<Bfloat16*>(problem.gradient) + at, value);
  } else {
    store(static_cast<float*>(problem.gradient) + at, value);
  }
}

// `scores` [O] of a row become its gradients, NaN where the row cannot be read.
template <OutcomeKind kKind>
__device__ __forceinline__ void push_row(const OutcomePushProblem& problem, std::int64_t member, std::int64_t row,
                                         float* scores) {
  const float target = problem.targets[row];
  const std::int64_t cell = readable_cell(problem, row, target);
  if (cell == kBadCell) {
    const int outputs = kKind == OutcomeKind::kSoftmax ? problem.rule.outputs : 1;
    for (int k = 0; k < outputs; ++k) scores[k] = not_a_number();
    return;
  }
  const float weight = problem.weights != nullptr ? problem.weights[row] : 1.0f;
  const std::int64_t place = (member * problem.cell_count + cell) * problem.rule.outcomes;
  outcome_gradient<kKind>(problem.rule, scores, target, problem.loss_price[place], problem.soft_price + place, weight);
}

// One row of blocks a member, a thread a row.
template <OutcomeKind kKind>
__global__ void __launch_bounds__(kThreads) push_outcomes_kernel(const __grid_constant__ OutcomePushProblem problem) {
  const std::int64_t member = blockIdx.y;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; row < problem.rows;
       row += step) {
    const std::int64_t at = member * problem.rows + row;
    float score = stored_logit(problem.scores, problem.bfloat16, at);
    push_row<kKind>(problem, member, row, &score);
    store_gradient(problem, at, score);
  }
}

// The same for rows of several scores, by way of shared memory [kThreads, stride].
__global__ void __launch_bounds__(kThreads)
    push_classes_kernel(const __grid_constant__ OutcomePushProblem problem, int stride) {
  extern __shared__ float tile[];
  const std::int64_t member = blockIdx.y;
  const unsigned outputs = static_cast<unsigned>(problem.rule.outputs);
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * kThreads; first < problem.rows; first += step) {
    const int rows = static_cast<int>(problem.rows - first < kThreads ? problem.rows - first : kThreads);
    load_score_tile(problem, member, first, rows, stride, tile);
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < rows) {
      push_row<OutcomeKind::kSoftmax>(problem, member, first + threadIdx.x, tile + threadIdx.x * stride);
    }
    __syncthreads();
    const std::int64_t offset = (member * problem.rows + first) * problem.rule.outputs;
    for (unsigned i = threadIdx.x; i < static_cast<unsigned>(rows) * outputs; i += kThreads) {
      const unsigned row = i / outputs;
      store_gradient(problem, offset + i, tile[row * static_cast<unsigned>(stride) + i - row * outputs]);
    }
    __syncthreads();
  }
}

}  // namespace

int launch_outcome_push(const OutcomePushProblem& problem, void* stream_pointer) {
  if (problem.members == 0 || problem.rows == 0) return cudaSuccess;
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  const dim3 grid(blocks_for(problem.rows, kThreads, kMostBlocks), static_cast<unsigned>(problem.members));
  switch (problem.rule.kind) {
    case OutcomeKind::kSoftmax: {
      const int stride = problem.rule.outputs | 1;  // odd, so that rows begin on different banks
      push_classes_kernel<<<grid, kThreads, sizeof(float) * kThreads * stride, stream>>>(problem, stride);
      break;
    }
    case OutcomeKind::kRegression:
      push_outcomes_kernel<OutcomeKind::kRegression><<<grid, kThreads, 0, stream>>>(problem);
      break;
    case OutcomeKind::kCalibration:
      push_outcomes_kernel<OutcomeKind::kCalibration><<<grid, kThreads, 0, stream>>>(problem);
      break;
  }
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
