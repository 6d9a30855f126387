// Few cells: each thread adds to bins of its own in shared memory. No two threads share one, so that how rows fall into
// cells decides neither the time nor the order of the sums.
#pragma once

#include "kernels/cell_stats/cell_stats_math.h"
#include "kernels/cell_stats/strip.cuh"
#include "kernels/device/cell_sum.cuh"

namespace equipoise::kernels {

constexpr std::int64_t kMostThreadCells = 8;           // without weights
constexpr std::int64_t kMostWeightedThreadCells = 24;  // with
constexpr int kThreadBinThreads = 512;                 // fewer where the bins of so many do not fit

struct BinSum {
  double weight, loss, soft, hard;
};

// The bins of all threads [cells, threads], and the place of one thread's first. Without weights: loss and soft, and in
// another array the rows in the low half, hard positives in the high half.
struct CountedBins {
  static constexpr int kBytes = 12, kBlocks = 3;
  static constexpr bool kWeighted = false;
  char *sums, *rows;
  std::uint32_t threads;

  __device__ CountedBins(void* memory, std::uint32_t cells, std::uint32_t of_threads)
      : sums(static_cast<char*>(memory)), rows(sums + cells * of_threads * 8), threads(of_threads) {}
  __device__ float2& sum(std::uint32_t cell, std::uint32_t thread) const {
    return *reinterpret_cast<float2*>(sums + thread * 8 + cell * (threads * 8));
  }
  __device__ std::uint32_t& count(std::uint32_t cell, std::uint32_t thread) const {
    return *reinterpret_cast<std::uint32_t*>(rows + thread * 4 + cell * (threads * 4));
  }
  __device__ void clear(std::uint32_t cell, std::uint32_t thread) const {
    sum(cell, thread) = float2{0, 0};
    count(cell, thread) = 0;
  }
  __device__ void add(std::uint32_t cell, std::uint32_t thread, const RowTerms& terms, bool positive, float) const {
    float2 own = sum(cell, thread);
    own.x += terms.loss;
    own.y += terms.soft;
    sum(cell, thread) = own;
    count(cell, thread) += positive ? 0x10001u : 1u;
  }
  __device__ BinSum read(std::uint32_t cell, std::uint32_t thread) const {
    const std::uint32_t own = count(cell, thread);
    return {static_cast<double>(own & 0xffffu), sum(cell, thread).x, sum(cell, thread).y,
            static_cast<double>(own >> 16)};
  }
};

// With weights: the four sums side by side, as in CellQuantity.
struct WeightedBins {
  static constexpr int kBytes = 16, kBlocks = 2;
  static constexpr bool kWeighted = true;
  char* sums;
  std::uint32_t threads;

  __device__ WeightedBins(void* memory, std::uint32_t, std::uint32_t of_threads)
      : sums(static_cast<char*>(memory)), threads(of_threads) {}
  __device__ float4& sum(std::uint32_t cell, std::uint32_t thread) const {
    return *reinterpret_cast<float4*>(sums + thread * 16 + cell * (threads * 16));
  }
  __device__ void clear(std::uint32_t cell, std::uint32_t thread) const { sum(cell, thread) = float4{0, 0, 0, 0}; }
  __device__ void add(std::uint32_t cell, std::uint32_t thread, const RowTerms& terms, bool positive,
                      float weight) const {
    float4 own = sum(cell, thread);
    own.x += weight;
    own.y += weight * terms.loss;
    own.z += weight * terms.soft;
    own.w += positive ? weight : 0.0f;
    sum(cell, thread) = own;
  }
  __device__ BinSum read(std::uint32_t cell, std::uint32_t thread) const {
    const float4 own = sum(cell, thread);
    return {own.x, own.y, own.z, own.w};
  }
};

__device__ inline BinSum warp_sum(BinSum sum) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    sum.weight += __shfl_down_sync(kWholeWarp, sum.weight, distance);
    sum.loss += __shfl_down_sync(kWholeWarp, sum.loss, distance);
    sum.soft += __shfl_down_sync(kWholeWarp, sum.soft, distance);
    sum.hard += __shfl_down_sync(kWholeWarp, sum.hard, distance);
  }
  return sum;
}

// In the order of CellQuantity.
__device__ inline void write_sums(double* out, const BinSum& sum, bool is_bad) {
  out[0] = is_bad ? not_a_number() : sum.weight;
  out[1] = is_bad ? not_a_number() : sum.loss;
  out[2] = is_bad ? not_a_number() : sum.soft;
  out[3] = is_bad ? not_a_number() : sum.hard;
}

// Bit 31 - c is the label of cell c: shifted left by c it is the sign that row_loss wants. All lanes must call it.
__device__ inline std::uint32_t labels_from_the_left(const CellStatsProblem& problem) {
  const int cell = static_cast<int>(threadIdx.x % 32);
  return __brev(__ballot_sync(kWholeWarp, cell < problem.cell_count && problem.cell_labels[cell] != 0));
}

// One block a strip and member. Rows whose cell is outside [0, C) fall into one more cell, which nobody reads.
template <typename Bins, bool kPlain, RowStorage kRows>
__global__ void __launch_bounds__(kThreadBinThreads, Bins::kBlocks)
    sum_in_thread_bins_kernel(CellStatsProblem problem, bool aligned) {
  extern __shared__ float4 memory[];
  const std::uint32_t threads = blockDim.x, thread = threadIdx.x;
  const auto cell_count = static_cast<std::uint32_t>(problem.cell_count);
  const Bins bins(memory, cell_count + 1, threads);
#pragma unroll 1
  for (std::uint32_t cell = 0; cell <= cell_count; ++cell) bins.clear(cell, thread);
  const std::uint32_t labels = labels_from_the_left(problem);
  const std::int64_t member = blockIdx.y;
  const RowRange range = strip_of(problem, blockIdx.x);
  bool is_bad = false;
  const auto add_row = [&](float logit, std::int32_t stored_cell, float weight) {
    const std::uint32_t cell = min(static_cast<std::uint32_t>(stored_cell), cell_count);
    is_bad = is_bad || cell == cell_count;
    const RowTerms terms =
        row_terms<kPlain>(logit, (labels << cell) & 0x80000000u, problem.threshold, problem.inverse_temperature);
    bins.add(cell, thread, terms, logit > problem.threshold, weight);
  };
  const std::int64_t step = threads * kRowsPerThread;
  std::int64_t row = range.begin + thread * kRowsPerThread;
  if constexpr (kRows != RowStorage::kAnyWay) {
    for (; row + kRowsPerThread <= range.end; row += step) {
      const LoadedRows rows = load_whole_rows<kRows>(problem, member, row);
#pragma unroll
      for (int i = 0; i < kRowsPerThread; ++i) add_row(rows.logits[i], rows.cells[i], 1.0f);
    }
  }
  for (; row < range.end; row += step) {
    const LoadedRows rows = load_rows(problem, member, row, range.end, aligned);
    float weights[kRowsPerThread];
    load_weights(Bins::kWeighted ? problem.weights : nullptr, row, rows.count, aligned && rows.count == kRowsPerThread,
                 weights);
#pragma unroll
    for (int i = 0; i < kRowsPerThread; ++i) {
      if (i < rows.count) add_row(rows.logits[i], rows.cells[i], weights[i]);
    }
  }
  is_bad = __syncthreads_or(is_bad) != 0;
  let_next_grid_start();
  double* out = output_of(problem, blockIdx.x, member);
  const std::uint32_t lane = thread % 32;
  for (std::uint32_t cell = thread / 32; cell < cell_count; cell += threads / 32) {
    BinSum sum = {0, 0, 0, 0};
    for (std::uint32_t other = lane; other < threads; other += 32) {
      const BinSum own = bins.read(cell, other);
      sum.weight += own.weight, sum.loss += own.loss, sum.soft += own.soft, sum.hard += own.hard;
    }
    sum = warp_sum(sum);
    if (lane == 0) write_sums(out + cell * 4, sum, is_bad && cell == 0);
  }
}

}  // namespace equipoise::kernels
