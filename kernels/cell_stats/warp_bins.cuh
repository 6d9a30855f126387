// Any number of cells and any values: each warp has bins of its own in shared memory. Rows of one cell meet by
// warp_sum_by_key, so that one lane adds to a bin at a time.
#pragma once

#include "kernels/cell_stats/cell_stats_math.h"
#include "kernels/cell_stats/strip.cuh"
#include "kernels/device/cell_sum.cuh"

namespace equipoise::kernels {

constexpr std::int64_t kMostBinFloats = 12032;  // 47 KiB: with the flag beside it, what every GPU gives unasked

// The weight, loss, soft and hard term of one row, or kNoRow where its cell is outside the tile.
__device__ inline std::int32_t row_in_tile(const CellStatsProblem& problem, std::int64_t member, std::int64_t row,
                                           std::int64_t cell, std::int64_t first_cell, std::int64_t tile,
                                           float (&values)[4]) {
  if (cell < first_cell || cell >= first_cell + tile) return kNoRow;
  const float logit = stored_logit(problem.logits, problem.bfloat16, member * problem.rows + row);
  const float weight = problem.weights != nullptr ? problem.weights[row] : 1.0f;
  const std::uint32_t sign = label_sign(problem.cell_labels[cell] != 0);
  values[0] = weight;
  values[1] = weight * row_loss(logit, sign);
  values[2] = weight * row_soft(logit, problem.threshold, problem.inverse_temperature);
  values[3] = logit > problem.threshold ? weight : 0.0f;
  return static_cast<std::int32_t>(cell - first_cell);
}

// Sums the block's strip into `bins` [warps, tile_cells] and writes it. Returns nothing that another block needs.
__device__ inline void sum_in_warp_bins(const CellStatsProblem& problem, float4* bins, unsigned warps,
                                        std::int64_t first_cell, std::int64_t tile_cells) {
  __shared__ int any_bad;
  const std::int64_t member = blockIdx.y;
  const std::int64_t tile = min(tile_cells, problem.cell_count - first_cell);
  const unsigned warp = threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  for (std::int64_t i = threadIdx.x; i < warps * tile_cells; i += blockDim.x) bins[i] = float4{0, 0, 0, 0};
  if (threadIdx.x == 0) any_bad = 0;
  __syncthreads();
  const RowRange range = strip_of(problem, blockIdx.x);
  // Whole warps go round together: the sums by key need every lane.
  for (std::int64_t base = range.begin + warp * 32; warp < warps && base < range.end; base += warps * 32) {
    const std::int64_t row = base + lane;
    std::int32_t key = kNoRow;
    float values[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (row < range.end) {
      const std::int64_t cell = stored_cell(problem.cells, problem.cell_type, row);
      if (cell < 0 || cell >= problem.cell_count) any_bad = 1;
      if (cell >= 0) key = row_in_tile(problem, member, row, cell, first_cell, tile, values);
    }
    if (warp_sum_by_key(key, values) && key != kNoRow) {
      float4 bin = bins[warp * tile_cells + key];
      bin.x += values[0];
      bin.y += values[1];
      bin.z += values[2];
      bin.w += values[3];
      bins[warp * tile_cells + key] = bin;
    }
    __syncwarp();
  }
  __syncthreads();
  double* out = output_of(problem, blockIdx.x, member) + first_cell * 4;
  const float* floats = reinterpret_cast<const float*>(bins);
  for (std::int64_t i = threadIdx.x; i < tile * 4; i += blockDim.x) {
    double sum = 0.0;
    for (unsigned other = 0; other < warps; ++other) sum += floats[other * tile_cells * 4 + i];
    if (any_bad != 0 && first_cell == 0 && i < 4) sum = not_a_number();
    out[i] = sum;
  }
}

// One block a strip, member and tile of cells.
static __global__ void sum_in_warp_bins_kernel(CellStatsProblem problem, std::int64_t tile_cells) {
  extern __shared__ float4 memory[];
  sum_in_warp_bins(problem, memory, blockDim.x / 32, blockIdx.z * tile_cells, tile_cells);
}

}  // namespace equipoise::kernels
