#include <cuda_runtime_api.h>

#include "kernels/device/launch.cuh"
#include "kernels/device/row_load.cuh"
#include "kernels/push/push_kernel.h"
#include "kernels/push/push_rows.cuh"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kSharedCells = 1024;  // 12 KiB of prices beside the rows
constexpr std::int64_t kMostBlocks = 4096;   // enough to fill any GPU; the rest is a loop

struct CellPrice {
  float signed_loss;
  float slope;
  std::uint32_t sign;
};

__device__ CellPrice price_of(const PushProblem& problem, std::int64_t member, std::int64_t cell) {
  const bool positive = problem.cell_labels[cell] != 0;
  const float loss_price = problem.loss_price[member * problem.cell_count + cell];
  return {positive ? -loss_price : loss_price,
          problem.soft_price[member * problem.cell_count + cell] * problem.inverse_temperature,
          positive ? 0x80000000u : 0u};
}

// One row of blocks a member, eight rows a thread at a time.
template <bool kInShared>
__global__ void __launch_bounds__(kThreads) push_kernel(PushProblem problem, bool aligned) {
  __shared__ CellPrice table[kInShared ? kSharedCells : 1];
  const std::int64_t member = blockIdx.y;
  if (kInShared) {
    for (std::int64_t cell = threadIdx.x; cell < problem.cell_count; cell += kThreads) {
      table[cell] = price_of(problem, member, cell);
    }
    __syncthreads();
  }
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kThreads * kRowsPerThread;
  for (std::int64_t row = (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x) * kRowsPerThread;
       row < problem.rows; row += stride) {
    const int rows = static_cast<int>(problem.rows - row < kRowsPerThread ? problem.rows - row : kRowsPerThread);
    const bool whole = aligned && rows == kRowsPerThread;
    const std::int64_t offset = member * problem.rows + row;
    float logits[kRowsPerThread];
    std::int32_t cells[kRowsPerThread];
    float weights[kRowsPerThread];
    float out[kRowsPerThread];
    load_logits(problem.logits, problem.bfloat16, offset, rows, whole, logits);
    load_cells(problem.cells, problem.cell_type, row, rows, whole, problem.cell_count, cells);
    load_weights(problem.weights, row, rows, whole, weights);
#pragma unroll
    for (int i = 0; i < kRowsPerThread; ++i) {
      const std::int32_t cell = cells[i] < 0 ? 0 : cells[i];
      const CellPrice price = kInShared ? table[cell] : price_of(problem, member, cell);
      out[i] = weights[i] * row_gradient(logits[i], price.sign, price.signed_loss, price.slope, problem.threshold,
                                         problem.inverse_temperature);
      if (cells[i] == kBadCell) out[i] = not_a_number();
    }
    store_gradients(problem.gradient, problem.bfloat16, offset, rows, whole, out);
  }
}

}  // namespace

int launch_push(const PushProblem& problem, void* stream_pointer) {
  if (problem.members == 0 || problem.rows == 0) return cudaSuccess;
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  const dim3 grid(blocks_for(problem.rows, kThreads * kRowsPerThread, kMostBlocks),
                  static_cast<unsigned>(problem.members));
  const bool aligned =
      rows_are_aligned(problem.logits, problem.cells, problem.weights, problem.gradient, problem.members, problem.rows);
  if (problem.cell_count <= kSharedCells) {
    push_kernel<true><<<grid, kThreads, 0, stream>>>(problem, aligned);
  } else {
    push_kernel<false><<<grid, kThreads, 0, stream>>>(problem, aligned);
  }
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
