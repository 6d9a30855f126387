// The nearest rows by float distances, as blocks of threads find them. Compiled by nvcc and, as the other .cuh here, by the host's
// compiler where a test plays the device.
//
// The float operations are those of a product of matrices: |a|^2 + |b|^2 - 2 a.b costs one multiply-add a coordinate, and 50,000 x
// 50,000 x 100 of them take 7.5 ms at an H100's 67 TFLOP/s; there the bound lies, for the rows themselves come from the second-level cache
// at some 1.8 TB/s, a third of what it gives. A tile of 128 queries by 128 rows of the cell is made in registers, 8 by 8 a thread, from coordinates that
// go through shared memory 16 at a time; the next 16 are on their way meanwhile. Distances are never written: one that is nearer than the
// last of its query's list goes into a queue of the query, and queues are emptied into the lists tile by tile.
//
// Order. Queues are filled in any order, but what is put into a list depends on keys alone (distance and place), so that a list holds the
// nearest whatever the order. Rounding is made up for afterwards: distances of what the lists hold are computed again in double, as on the
// CPU, and where rounding could have hidden a row, the query is compared with its whole cell in double. So rows and distances are the
// CPU's, to the bit.
#pragma once

#include "kernels/neighbors/near_list.cuh"
#include "kernels/neighbors/packed_rows.cuh"

namespace equipoise::kernels {

constexpr int kNearThreads = 256;
constexpr int kNearDepth = 16;  // coordinates in shared memory at a time
constexpr int kNearQueue = 32;  // of a query, what waits to be put into its list: one a lane
constexpr int kHeldList = 32;   // the longest list that stays in shared memory

struct NearShared {
  // Two of each: one is read while the other is filled.
  alignas(16) float queries[2][kNearDepth * kNearTile];  // [coordinate][query]
  alignas(16) float rows[2][kNearDepth * kNearTile];     // [coordinate][row]
  NearKey queue[kNearTile * kNearQueue];
  alignas(16) float query_norms[kNearTile];
  alignas(
      16) float worst[kNearTile];  // the last distance of each query's list; below 0 where the query is of another cell
  int waiting[kNearTile];          // in its queue, or for a place in it
};

// 16 coordinates, or as many as are left, of a tile of queries and one of rows, from `from` on: bytes that lie together.
__device__ inline void fetch_coordinates(const NeighborsArrays& arrays, std::uint32_t query_tile,
                                         std::uint32_t row_tile, int depth, int from, int stage, NearShared& shared) {
  const int left = depth - from < kNearDepth ? depth - from : kNearDepth;
  const float* queries = arrays.packed + (static_cast<std::int64_t>(query_tile) * depth + from) * kNearTile;
  const float* rows = arrays.packed + (static_cast<std::int64_t>(row_tile) * depth + from) * kNearTile;
  for (int i = static_cast<int>(threadIdx.x) * 4; i < left * kNearTile; i += kNearThreads * 4) {
    __pipeline_memcpy_async(&shared.queries[stage][i], queries + i, 16);
    __pipeline_memcpy_async(&shared.rows[stage][i], rows + i, 16);
  }
  __pipeline_commit();
}

__device__ inline void load_eight(const float* from, float (&out)[8]) {
  const float4 low = *reinterpret_cast<const float4*>(from), high = *reinterpret_cast<const float4*>(from + 64);
  out[0] = low.x, out[1] = low.y, out[2] = low.z, out[3] = low.w;
  out[4] = high.x, out[5] = high.y, out[6] = high.z, out[7] = high.w;
}

// The i-th of a thread's 8 queries, or rows, of a tile: two groups of four, so that what lanes load lies side by side.
__device__ inline int in_tile(int group, int i) {
  return group * 4 + i % 4 + i / 4 * 64;
}

__device__ inline void add_products(const NearShared& shared, int stage, int depth, int query_group, int row_group,
                                    float (&sums)[8][8]) {
  const float* queries = shared.queries[stage] + query_group * 4;
  const float* rows = shared.rows[stage] + row_group * 4;
#pragma unroll 1
  for (int quad = 0; quad < depth; quad += 4) {
#pragma unroll
    for (int d = 0; d < 4; ++d) {
      float query[8], row[8];
      load_eight(queries + (quad + d) * kNearTile, query);
      load_eight(rows + (quad + d) * kNearTile, row);
#pragma unroll
      for (int i = 0; i < 8; ++i)
#pragma unroll
        for (int j = 0; j < 8; ++j) sums[i][j] = fmaf(query[i], row[j], sums[i][j]);
    }
  }
}

// Empties the queues of a warp's 16 queries into their lists.
__device__ inline void empty_queues(NearKey* lists, int size, int warp, int lane, NearShared& shared) {
  constexpr int kOfAWarp = kNearTile / (kNearThreads / 32);
  unsigned left = __ballot_sync(kWholeWarp, lane < kOfAWarp && shared.waiting[warp * kOfAWarp + lane % kOfAWarp] > 0);
#pragma unroll 1
  while (left != 0) {
    const int query = warp * kOfAWarp + __ffs(static_cast<int>(left)) - 1;
    left &= left - 1;
    const int count = shared.waiting[query] < kNearQueue ? shared.waiting[query] : kNearQueue;
    const NearKey own = lane < count ? shared.queue[query * kNearQueue + lane] : kNobody;
    NearKey* list = lists + static_cast<std::int64_t>(query) * size;
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      const NearKey key = __shfl_sync(kWholeWarp, own, i);
      if (key < list[size - 1]) insert(list, size, key, lane);
    }
    __syncwarp();
    if (lane == 0) {
      shared.waiting[query] = 0;
      shared.worst[query] = distance_of(list[size - 1]);
    }
  }
}

// Registers have no index.
__device__ inline float eighth(const float (&values)[8], int i) {
  float value = values[0];
#pragma unroll
  for (int j = 1; j < 8; ++j) value = i == j ? values[j] : value;
  return value;
}

// From products of a tile to distances, and those that are near enough into the lists.
__device__ inline void take_near(const NeighborsArrays& arrays, std::uint32_t query_tile, std::uint32_t row_tile,
                                 const CellPlaces& cell, int query_group, int row_group, NearKey* lists, int size,
                                 float (&sums)[8][8], NearShared& shared) {
  float row_norms[8];
  load_eight(arrays.norms + static_cast<std::int64_t>(row_tile) * kNearTile + row_group * 4, row_norms);
  unsigned of_cell = 0;  // which of the thread's rows
#pragma unroll
  for (int j = 0; j < 8; ++j) {
    const std::uint32_t place = row_tile * kNearTile + static_cast<std::uint32_t>(in_tile(row_group, j));
    of_cell |= (place >= cell.begin && place < cell.end ? 1u : 0u) << j;
  }
  const bool has_own = row_tile == query_tile && row_group == query_group;  // the i-th row is then the i-th query
  std::uint64_t pending = 0;                                                // bit 8 i + j: query i, row j
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    const float norm = shared.query_norms[in_tile(query_group, i)], worst = shared.worst[in_tile(query_group, i)];
    unsigned near = 0;
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      const float found = fmaf(-2.0f, sums[i][j], norm + row_norms[j]);
      sums[i][j] = found <= 0 ? 0 : found;  // what is not a number stays none, and is near nobody
      // Rows come in the order of places: one that is as near as the last of a list comes after it.
      near |= (sums[i][j] < worst ? 1u : 0u) << j;
    }
    if (has_own) near &= ~(1u << i);
    pending |= static_cast<std::uint64_t>(near & of_cell) << (8 * i);
  }
  // A queue may be too short for all that come at once: the others come again, if they are still near enough.
#pragma unroll 1
  while (__syncthreads_or(pending != 0) != 0) {
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int query = in_tile(query_group, i);
      unsigned kept = 0;
#pragma unroll 1
      for (unsigned near = static_cast<unsigned>(pending >> (8 * i)) & 255u; near != 0; near &= near - 1) {
        const int row = __ffs(static_cast<int>(near)) - 1;
        const float found = eighth(sums[i], row);
        // As near as the last is not too far here: of one tile rows come in any order.
        if (!(found <= shared.worst[query])) continue;
        const int at = atomicAdd(&shared.waiting[query], 1);
        const std::uint32_t place = row_tile * kNearTile + static_cast<std::uint32_t>(in_tile(row_group, row));
        if (at < kNearQueue)
          shared.queue[query * kNearQueue + at] = near_key(found, static_cast<std::int32_t>(place));
        else
          kept |= 1u << row;
      }
      pending = (pending & ~(std::uint64_t{255} << (8 * i))) | static_cast<std::uint64_t>(kept) << (8 * i);
    }
    __syncthreads();
    const int thread = static_cast<int>(threadIdx.x);
    empty_queues(lists, size, thread / 32, thread % 32, shared);
  }
}

// Compares the queries of a tile with all rows of one cell. Ends behind a barrier: that of take_near.
__device__ inline void compare_with_cell(const NeighborsProblem& problem, const NeighborsArrays& arrays,
                                         std::uint32_t query_tile, const CellPlaces& cell, NearKey* lists, int size,
                                         NearShared& shared) {
  const int depth = packed_depth(problem.dimensions);
  const std::uint32_t end_tile = (cell.end + kNearTile - 1) / kNearTile;
  // A warp has 4 by 8 threads of the block's 16 by 16, so that each of its loads from shared memory is of few words.
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const int query_group = warp / 2 * 4 + lane / 8, row_group = warp % 2 * 8 + lane % 8;
  int stage = 0;
  fetch_coordinates(arrays, query_tile, cell.begin / kNearTile, depth, 0, stage, shared);
#pragma unroll 1
  for (std::uint32_t row_tile = cell.begin / kNearTile; row_tile < end_tile; ++row_tile) {
    float sums[8][8] = {};
#pragma unroll 1
    for (int from = 0; from < depth; from += kNearDepth, stage = 1 - stage) {
      __pipeline_wait_prior(0);
      __syncthreads();  // what was fetched is there for all, and nobody reads the other stage any more
      const bool is_last = from + kNearDepth >= depth;
      if (!is_last || row_tile + 1 < end_tile)
        fetch_coordinates(arrays, query_tile, row_tile + (is_last ? 1 : 0), depth, is_last ? 0 : from + kNearDepth,
                          1 - stage, shared);
      add_products(shared, stage, depth - from < kNearDepth ? depth - from : kNearDepth, query_group, row_group, sums);
    }
    take_near(arrays, query_tile, row_tile, cell, query_group, row_group, lists, size, sums, shared);
  }
}

// Block `query_tile` finds the nearest rows of 128 queries, which may be of several cells: of one after the other. `held` has room for
// their lists where these are at most kHeldList long; else they stay in device memory.
__device__ inline void find_near_in_block(const NeighborsProblem& problem, const NeighborsArrays& arrays,
                                          std::uint32_t query_tile, NearShared& shared, NearKey* held) {
  const int thread = static_cast<int>(threadIdx.x), size = static_cast<int>(problem.k) + kSpareNeighbors;
  const std::uint32_t first = query_tile * kNearTile,
                      places = static_cast<std::uint32_t>(problem.offsets[problem.cell_count]);
  NearKey* stored = arrays.lists + static_cast<std::int64_t>(first) * size;
  NearKey* lists = size <= kHeldList ? held : stored;
  for (int i = thread; i < kNearTile * size; i += kNearThreads) lists[i] = kNobody;
  if (thread < kNearTile) {
    shared.query_norms[thread] = arrays.norms[first + thread];
    shared.waiting[thread] = 0;
  }
  const std::uint32_t end = first + kNearTile < places ? first + kNearTile : places;
  for (std::uint32_t place = first; place < end;) {
    const CellPlaces cell = cell_at(problem, place);
    const std::uint32_t own = first + static_cast<std::uint32_t>(thread);
    if (thread < kNearTile) shared.worst[thread] = own >= cell.begin && own < cell.end ? distance_of(kNobody) : -1.0f;
    __syncthreads();
    compare_with_cell(problem, arrays, query_tile, cell, lists, size, shared);
    place = cell.end;
  }
  if (lists == stored) return;
  __syncthreads();  // also where no row is of any cell
  for (int i = thread; i < kNearTile * size; i += kNearThreads) stored[i] = lists[i];
}

}  // namespace equipoise::kernels
