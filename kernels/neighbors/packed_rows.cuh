// The rows by cell, packed for tiles: what the launches of neighbors hand on, and the first of them.
#pragma once

#include "kernels/device/scratch.h"
#include "kernels/neighbors/neighbors_kernel.h"
#include "kernels/neighbors/neighbors_math.h"

namespace equipoise::kernels {

constexpr int kNearTile = 128;  // queries, and rows that they are compared with at a time
constexpr int kPackThreads = 256;
constexpr int kPackDepth = 32;

// What the launches hand on, in scratch. Rows are known by their places, which are their order by cell; T tiles of 128 places.
struct NeighborsArrays {
  float* packed = nullptr;   // [T, D rounded up to fours, 128] coordinates, as differences from a point of the cell
  float* norms = nullptr;    // [T * 128] their squares added up; NaN of a row that cannot be measured
  NearKey* lists = nullptr;  // [T * 128, k + kSpareNeighbors] the nearest by float distances, ascending
  std::int32_t* unsure = nullptr;        // [N] places whose lists rounding could have changed; the first
  std::int32_t* unsure_count = nullptr;  // [1]
};

EQUIPOISE_HOST_DEVICE int packed_depth(std::int64_t dimensions) {
  return static_cast<int>((dimensions + 3) / 4 * 4);
}

inline std::int64_t tiles_of(const NeighborsProblem& problem) {
  return (problem.count + kNearTile - 1) / kNearTile;
}

template <typename Memory>
NeighborsArrays arrays_in(const NeighborsProblem& problem, Memory& scratch) {
  const std::int64_t places = tiles_of(problem) * kNearTile;
  NeighborsArrays arrays;
  arrays.packed = scratch.template take<float>(places * packed_depth(problem.dimensions));
  arrays.norms = scratch.template take<float>(places);
  arrays.lists = scratch.template take<NearKey>(places * (problem.k + kSpareNeighbors));
  arrays.unsure = scratch.template take<std::int32_t>(problem.count);
  arrays.unsure_count = scratch.template take<std::int32_t>(1);
  return arrays;
}

// Where the rows of a cell are: places in 32 bits, as tiles are on a device, for registers are what they are made of.
struct CellPlaces {
  std::uint32_t begin, end;
};

// The cell that `place` is in; empty beyond the last cell.
__device__ inline CellPlaces cell_at(const NeighborsProblem& problem, std::uint32_t place) {
  std::int64_t low = 0, high = problem.cell_count;  // offsets[low] <= place < offsets[high]
  if (place >= problem.offsets[high]) return {place, place};
  while (high - low > 1) {
    const std::int64_t middle = (low + high) / 2;
    if (problem.offsets[middle] <= place)
      low = middle;
    else
      high = middle;
  }
  return {static_cast<std::uint32_t>(problem.offsets[low]), static_cast<std::uint32_t>(problem.offsets[high])};
}

// The mean of some of a cell's rows. Any point would do: the nearer to the rows, the less rounding there is to make up for.
__device__ inline float centre_of(const NeighborsProblem& problem, const CellPlaces& cell, std::int64_t d) {
  constexpr std::int64_t kSampled = 16;
  const std::int64_t rows = cell.end - cell.begin, sampled = rows < kSampled ? rows : kSampled, apart = rows / sampled;
  float sum = 0;
  for (std::int64_t i = 0; i < sampled; ++i) {
    const float value = problem.points[problem.rows[cell.begin + i * apart] * problem.dimensions + d];
    sum += is_measurable(value) ? value : 0;
  }
  return sum / static_cast<float>(sampled);
}

struct PackShared {
  float values[kPackDepth][kNearTile + 1];  // lanes write down a column: no two in one bank
  CellPlaces cells[kNearTile];
};

// Block `tile` packs the rows at 128 places. A warp reads a row's neighbouring coordinates, and writes those of neighbouring rows.
__device__ inline void pack_in_block(const NeighborsProblem& problem, const NeighborsArrays& arrays, std::uint32_t tile,
                                     PackShared& shared) {
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const int depth = packed_depth(problem.dimensions);
  const std::uint32_t first = tile * kNearTile;
  if (thread < kNearTile) shared.cells[thread] = cell_at(problem, first + thread);
  __syncthreads();
  float norm = 0;
  float* packed = arrays.packed + static_cast<std::int64_t>(tile) * depth * kNearTile;
  for (int from = 0; from < depth; from += kPackDepth) {
    const int d = from + lane;
    for (int row = warp; row < kNearTile; row += kPackThreads / 32) {
      const CellPlaces cell = shared.cells[row];
      float value = 0;
      if (d < problem.dimensions && cell.begin < cell.end) {
        const float own = problem.points[problem.rows[first + row] * problem.dimensions + d];
        value = is_measurable(own) ? own - centre_of(problem, cell, d) : not_a_number();
      }
      shared.values[lane][row] = value;
    }
    __syncthreads();
    const int count = depth - from < kPackDepth ? depth - from : kPackDepth;
    for (int i = thread; i < count * kNearTile; i += kPackThreads)
      packed[static_cast<std::int64_t>(from) * kNearTile + i] = shared.values[i / kNearTile][i % kNearTile];
    for (int i = 0; thread < kNearTile && i < count; ++i)
      norm = fmaf(shared.values[i][thread], shared.values[i][thread], norm);
    __syncthreads();
  }
  if (thread < kNearTile)
    arrays.norms[first + thread] = shared.cells[thread].begin < shared.cells[thread].end ? norm : not_a_number();
}

}  // namespace equipoise::kernels
