// Areas on CUDA: rows are sorted by score, then, keeping that order, by group; one scan over the result knows for each
// row what lies below the scores it ties with. Sums are over fixed chunks in a fixed order, so weights repeat bit for bit.
#include <cuda_runtime_api.h>

#include <cub/block/block_scan.cuh>
#include <cub/device/device_radix_sort.cuh>

#include "kernels/cell_order/cell_order_kernel.h"
#include "kernels/device/launch.cuh"
#include "kernels/device/ordered_sums.cuh"
#include "kernels/device/scratch.h"
#include "kernels/score_curves/score_curves_math.h"
#include "kernels/score_curves/score_row.cuh"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kRowsEach = 8;
constexpr std::int64_t kChunkRows = kThreads * kRowsEach;
constexpr std::int64_t kMostBlocks = 1 << 16;

constexpr std::uint32_t kNewScore = 1;
constexpr std::uint32_t kNewGroup = 2;

// A stretch of rows: weights by label since its last new group, and how much of them lay before its last new score.
template <typename Sum>
struct Stretch {
  Sum positives;
  Sum negatives;
  Sum positives_below;
  Sum negatives_below;
  std::uint32_t starts;  // kNewScore | kNewGroup where the stretch has one
};

struct Append {
  template <typename Sum>
  __host__ __device__ Stretch<Sum> operator()(const Stretch<Sum>& a, const Stretch<Sum>& b) const {
    if ((b.starts & kNewGroup) != 0) return b;
    Stretch<Sum> both;
    both.positives = a.positives + b.positives;
    both.negatives = a.negatives + b.negatives;
    const bool starts_score = (b.starts & kNewScore) != 0;
    both.positives_below = starts_score ? a.positives + b.positives_below : a.positives_below;
    both.negatives_below = starts_score ? a.negatives + b.negatives_below : a.negatives_below;
    both.starts = a.starts | b.starts;
    return both;
  }
};

// Rows by score; `order` [N] goes through them by group, or is null where everyone is one group.
template <typename Key, typename Sum>
struct Ranking {
  const Key* keys;
  const std::uint32_t* rows;
  const std::int64_t* order;
  const std::int32_t* groups;  // in the order of scores, like keys
  const std::uint8_t* labels;
  const float* weights;
  std::int64_t count;
  std::int32_t group_count;

  __device__ std::int64_t rank(std::int64_t place) const { return order != nullptr ? order[place] : place; }
  __device__ std::int32_t group(std::int64_t rank) const { return order != nullptr ? groups[rank] : 0; }
  __device__ bool positive(std::int64_t rank) const { return labels[rows[rank]] != 0; }
  __device__ Sum weight(std::int64_t rank) const {
    return weights != nullptr ? static_cast<Sum>(weights[rows[rank]]) : static_cast<Sum>(1);
  }

  __device__ Stretch<Sum> at(std::int64_t place) const {
    Stretch<Sum> stretch{};
    if (place >= count) return stretch;
    const std::int64_t own = rank(place);
    if (place == 0 || group(rank(place - 1)) != group(own)) {
      stretch.starts = kNewScore | kNewGroup;
    } else if (keys[rank(place - 1)] != keys[own]) {
      stretch.starts = kNewScore;
    }
    (positive(own) ? stretch.positives : stretch.negatives) = weight(own);
    return stretch;
  }
};

template <typename Sum>
using BlockScan = cub::BlockScan<Stretch<Sum>, kThreads>;

template <typename Key, typename Sum>
__device__ void load_chunk(const Ranking<Key, Sum>& ranking, Stretch<Sum> (&stretches)[kRowsEach]) {
  const std::int64_t first = blockIdx.x * kChunkRows + static_cast<std::int64_t>(threadIdx.x) * kRowsEach;
#pragma unroll
  for (int i = 0; i < kRowsEach; ++i) stretches[i] = ranking.at(first + i);
}

template <typename Key, typename Sum>
__global__ void chunk_kernel(Ranking<Key, Sum> ranking, Stretch<Sum>* chunks) {
  __shared__ typename BlockScan<Sum>::TempStorage storage;
  Stretch<Sum> stretches[kRowsEach], whole;
  load_chunk(ranking, stretches);
  BlockScan<Sum>(storage).InclusiveScan(stretches, stretches, Append(), whole);
  if (threadIdx.x == 0) chunks[blockIdx.x] = whole;
}

// One block: each chunk becomes the stretch of all chunks before it.
template <typename Sum>
__global__ void scan_chunks_kernel(Stretch<Sum>* chunks, std::int64_t count) {
  __shared__ typename BlockScan<Sum>::TempStorage storage;
  Stretch<Sum> before{};
  for (std::int64_t first = 0; first < count; first += kThreads) {
    const std::int64_t place = first + threadIdx.x;
    Stretch<Sum> own{}, whole;
    if (place < count) own = chunks[place];
    BlockScan<Sum>(storage).ExclusiveScan(own, own, Stretch<Sum>{}, Append(), whole);
    if (place < count) chunks[place] = Append()(before, own);
    before = Append()(before, whole);
    __syncthreads();
  }
}

// won[place]: for a positive its weight times the negatives below, for a negative the same with positives, taken off.
// Over a group they sum to twice the weight of the pairs won, less all pairs.
template <typename Key, typename Sum>
__global__ void won_kernel(Ranking<Key, Sum> ranking, const Stretch<Sum>* before, Sum* won, Sum* totals) {
  __shared__ typename BlockScan<Sum>::TempStorage storage;
  Stretch<Sum> stretches[kRowsEach];
  load_chunk(ranking, stretches);
  BlockScan<Sum>(storage).InclusiveScan(stretches, stretches, Append());
  const std::int64_t first = blockIdx.x * kChunkRows + static_cast<std::int64_t>(threadIdx.x) * kRowsEach;
  for (int i = 0; i < kRowsEach; ++i) {
    const std::int64_t place = first + i;
    if (place >= ranking.count) return;
    const Stretch<Sum> all = Append()(before[blockIdx.x], stretches[i]);
    const std::int64_t rank = ranking.rank(place);
    const std::int32_t group = ranking.group(rank);
    const Sum weight = ranking.weight(rank);
    won[place] = ranking.positive(rank) ? weight * all.negatives_below : -(weight * all.positives_below);
    const bool last = place + 1 == ranking.count || ranking.group(ranking.rank(place + 1)) != group;
    if (last && group < ranking.group_count) {
      totals[2 * group] = all.positives;
      totals[2 * group + 1] = all.negatives;
    }
  }
}

template <typename Sum>
__global__ void area_kernel(const Sum* won, const Sum* totals, std::int64_t groups, double* areas) {
  for (std::int64_t group = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; group < groups;
       group += static_cast<std::int64_t>(gridDim.x) * kThreads) {
    const Sum positives = totals[2 * group], negatives = totals[2 * group + 1];
    areas[group] = area_of(won[group] + positives * negatives, positives, negatives);
  }
}

template <typename Key>
__global__ void write_keys_kernel(ScoreRows rows, Key* keys, std::uint32_t* row_of) {
  using Score = std::conditional_t<sizeof(Key) == 8, double, float>;
  for (std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; row < rows.rows;
       row += static_cast<std::int64_t>(gridDim.x) * kThreads) {
    keys[row] = ordered_key(static_cast<const Score*>(rows.scores)[row]);
    row_of[row] = static_cast<std::uint32_t>(row);
  }
}

__global__ void ranked_groups_kernel(ScoreRows rows, const std::uint32_t* row_of, std::int32_t* groups) {
  for (std::int64_t rank = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; rank < rows.rows;
       rank += static_cast<std::int64_t>(gridDim.x) * kThreads) {
    groups[rank] = slot_at(rows, row_of[rank]);
  }
}

__global__ void whole_range_kernel(std::int64_t* offsets, std::int64_t rows) {
  offsets[0] = 0;
  offsets[1] = rows;
}

template <typename Sum>
struct ValueAt {
  const Sum* values;

  __device__ Sum operator()(std::int64_t place) const { return values[place]; }
};

template <typename Key, typename Sum>
struct Arrays {
  Key* keys;
  Key* ranked_keys;
  std::uint32_t* rows;
  std::uint32_t* ranked_rows;
  std::int32_t* groups;
  std::int64_t* order;
  std::int64_t* offsets;
  std::int64_t* everyone;  // offsets of the one range of all rows
  Stretch<Sum>* chunks;
  Sum* won;
  Sum* won_sums;
  Sum* totals;
  CellOrderProblem problem;
  void* order_scratch = nullptr;
  void* sort_library = nullptr;
  void* sum_library = nullptr;
  std::size_t sort_bytes = 0;
  std::size_t sum_bytes = 0;
  std::size_t bytes;
  cudaError_t status;
};

std::int64_t chunks_of(std::int64_t rows) {
  return (rows + kChunkRows - 1) / kChunkRows;
}

template <typename Key, typename Sum>
cudaError_t sort(Arrays<Key, Sum>& arrays, std::int64_t rows, cudaStream_t stream) {
  return cub::DeviceRadixSort::SortPairs(arrays.sort_library, arrays.sort_bytes, arrays.keys, arrays.ranked_keys,
                                         arrays.rows, arrays.ranked_rows, rows, 0, static_cast<int>(sizeof(Key)) * 8,
                                         stream);
}

template <typename Key, typename Sum>
Arrays<Key, Sum> arrays_in(const ScoreRows& rows, void* memory) {
  Scratch scratch(memory);
  Arrays<Key, Sum> arrays;
  arrays.keys = scratch.take<Key>(rows.rows);
  arrays.ranked_keys = scratch.take<Key>(rows.rows);
  arrays.rows = scratch.take<std::uint32_t>(rows.rows);
  arrays.ranked_rows = scratch.take<std::uint32_t>(rows.rows);
  arrays.groups = scratch.take<std::int32_t>(rows.rows);
  arrays.order = scratch.take<std::int64_t>(rows.rows);
  arrays.offsets = scratch.take<std::int64_t>(rows.group_count + 1);
  arrays.everyone = scratch.take<std::int64_t>(2);
  arrays.chunks = scratch.take<Stretch<Sum>>(chunks_of(rows.rows));
  arrays.won = scratch.take<Sum>(rows.rows);
  arrays.won_sums = scratch.take<Sum>(rows.group_count + 1);
  arrays.totals = scratch.take<Sum>(2 * (rows.group_count + 1));
  arrays.problem = {arrays.groups, arrays.order, arrays.offsets, rows.rows, rows.group_count, CellType::kI32};
  if (rows.group_count > 0)
    arrays.order_scratch = scratch.take<char>(static_cast<std::int64_t>(cell_order_scratch(arrays.problem)));
  arrays.status = sort(arrays, rows.rows, nullptr);  // without memory each only says how much it needs
  arrays.sort_library = scratch.take<char>(static_cast<std::int64_t>(arrays.sort_bytes));
  if (arrays.status == cudaSuccess)
    arrays.status = sum_cells(nullptr, arrays.sum_bytes, ValueAt<Sum>{arrays.won}, arrays.offsets, rows.group_count + 1,
                              arrays.won_sums, nullptr);
  arrays.sum_library = scratch.take<char>(static_cast<std::int64_t>(arrays.sum_bytes));
  arrays.bytes = scratch.bytes();
  return arrays;
}

// Areas of the `groups` ranges that `offsets` cut the places into.
template <typename Key, typename Sum>
cudaError_t areas_of(const Ranking<Key, Sum>& ranking, Arrays<Key, Sum>& arrays, const std::int64_t* offsets,
                     std::int64_t groups, double* areas, cudaStream_t stream) {
  cudaError_t status = cudaMemsetAsync(arrays.totals, 0, 2 * sizeof(Sum) * groups, stream);
  if (status != cudaSuccess) return status;
  const std::int64_t chunks = chunks_of(ranking.count);
  if (chunks > 0) {
    chunk_kernel<<<static_cast<unsigned>(chunks), kThreads, 0, stream>>>(ranking, arrays.chunks);
    scan_chunks_kernel<<<1, kThreads, 0, stream>>>(arrays.chunks, chunks);
    won_kernel<<<static_cast<unsigned>(chunks), kThreads, 0, stream>>>(ranking, arrays.chunks, arrays.won,
                                                                       arrays.totals);
  }
  status = sum_cells(arrays.sum_library, arrays.sum_bytes, ValueAt<Sum>{arrays.won}, offsets, groups, arrays.won_sums,
                     stream);
  if (status != cudaSuccess) return status;
  area_kernel<<<blocks_for(groups, kThreads, kMostBlocks), kThreads, 0, stream>>>(arrays.won_sums, arrays.totals,
                                                                                  groups, areas);
  return cudaGetLastError();
}

template <typename Key, typename Sum>
cudaError_t run(const ScoreRows& rows, double* areas, void* scratch, cudaStream_t stream) {
  Arrays<Key, Sum> arrays = arrays_in<Key, Sum>(rows, scratch);
  if (arrays.status != cudaSuccess) return arrays.status;
  const unsigned blocks = blocks_for(rows.rows, kThreads, kMostBlocks);
  write_keys_kernel<<<blocks, kThreads, 0, stream>>>(rows, arrays.keys, arrays.rows);
  cudaError_t status = sort(arrays, rows.rows, stream);
  if (status != cudaSuccess) return status;
  Ranking<Key, Sum> ranking{arrays.ranked_keys, arrays.ranked_rows, nullptr,   nullptr,
                            rows.labels,        rows.weights,       rows.rows, 1};
  whole_range_kernel<<<1, 1, 0, stream>>>(arrays.everyone, rows.rows);
  status = areas_of(ranking, arrays, arrays.everyone, 1, areas + rows.group_count, stream);
  if (status != cudaSuccess || rows.group_count == 0) return status;
  ranked_groups_kernel<<<blocks, kThreads, 0, stream>>>(rows, arrays.ranked_rows, arrays.groups);
  const int ordered = launch_cell_order(arrays.problem, arrays.order_scratch, stream);
  if (ordered != cudaSuccess) return static_cast<cudaError_t>(ordered);
  ranking.order = arrays.order;
  ranking.groups = arrays.groups;
  ranking.group_count = static_cast<std::int32_t>(rows.group_count);
  return areas_of(ranking, arrays, arrays.offsets, rows.group_count, areas, stream);
}

}  // namespace

std::size_t score_areas_scratch(const ScoreRows& rows) {
  if (rows.weights != nullptr) {
    return rows.double_scores ? arrays_in<std::uint64_t, double>(rows, nullptr).bytes
                              : arrays_in<std::uint32_t, double>(rows, nullptr).bytes;
  }
  return rows.double_scores ? arrays_in<std::uint64_t, std::int64_t>(rows, nullptr).bytes
                            : arrays_in<std::uint32_t, std::int64_t>(rows, nullptr).bytes;
}

int launch_score_areas(const ScoreRows& rows, double* areas, void* scratch, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (rows.weights != nullptr) {
    return rows.double_scores ? run<std::uint64_t, double>(rows, areas, scratch, stream)
                              : run<std::uint32_t, double>(rows, areas, scratch, stream);
  }
  return rows.double_scores ? run<std::uint64_t, std::int64_t>(rows, areas, scratch, stream)
                            : run<std::uint32_t, std::int64_t>(rows, areas, scratch, stream);
}

}  // namespace equipoise::kernels
