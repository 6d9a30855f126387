// Some cells, no weights: the lanes of all warps of a block with one number share bins in shared memory, to which they add
// whole numbers. Lanes of one warp never meet in a bin, so that skew costs nothing, and whole numbers have one sum in
// whatever order the warps come.
//
// A loss x < 64 is cut into x = high + low, high a multiple of 2^-12 and low in units of 2^-30, by adding and taking away
// 1.5 * 2^11: the float next to x + 1.5 * 2^11 has that multiple in its last bits. The bits themselves are added, and what
// the constant has in them is taken off at the end, once for each row. Soft positives, of which the mean is wanted, are
// added in units of 2^-20. A row's loss is so off by at most 2^-31 and its soft positive by 2^-21. A block that meets a
// larger loss, a NaN or a cell outside [0, C) sums its strip again by sum_in_warp_bins.
#pragma once

#include "kernels/cell_stats/thread_bins.cuh"
#include "kernels/cell_stats/warp_bins.cuh"

namespace equipoise::kernels {

constexpr std::int64_t kMostLaneCells = 256;
constexpr int kLaneBinThreads = 1024;
constexpr int kLaneBinWords = 5;                   // of a bin: see LaneBin
constexpr std::int64_t kMostLaneRows = 32 * 4000;  // of a strip: what 32 bits hold of soft positives
constexpr float kMostLoss = 64.0f;

// 1.5 * 2^11, 1.5 * 2^-7 and 1.5 * 2^3: numbers near them have 2^-12, 2^-30 and 2^-20 as their last bit.
constexpr float kHigh = 3072.0f, kLow = 0.01171875f, kSoft = 12.0f;
constexpr std::uint32_t kHighBits = 0x45400000, kLowBits = 0x3c400000, kSoftBits = 0x41400000;

// One cell's words of one lane, 32 words apart.
struct LaneBin {
  std::uint32_t* words;  // rows and, from bit 16 on, hard positives; high; low; soft; the sign of the cell's label

  __device__ std::uint32_t sign() const { return words[4 * 32]; }
  __device__ void add(const RowTerms& terms, bool positive) const {
    const float high = terms.loss + kHigh;
    const float low = terms.loss - (high - kHigh);
    atomicAdd(words, positive ? 0x10001u : 1u);
    atomicAdd(words + 32, __float_as_uint(high));
    atomicAdd(words + 2 * 32, __float_as_uint(low + kLow));
    atomicAdd(words + 3 * 32, __float_as_uint(terms.soft + kSoft));
  }
  __device__ BinSum read() const {
    const std::uint32_t rows = words[0] & 0xffffu;
    const auto low = static_cast<std::int32_t>(words[2 * 32] - rows * kLowBits);
    return {static_cast<double>(rows), (words[32] - rows * kHighBits) * 0x1p-12 + low * 0x1p-30,
            (words[3 * 32] - rows * kSoftBits) * 0x1p-20, static_cast<double>(words[0] >> 16)};
  }
};

// One block a strip and member.
template <bool kPlain, RowStorage kRows>
__global__ void __launch_bounds__(kLaneBinThreads, 1) sum_in_lane_bins_kernel(CellStatsProblem problem, bool aligned) {
  extern __shared__ float4 memory[];  // [cells, kLaneBinWords, 32]
  std::uint32_t* bins = reinterpret_cast<std::uint32_t*>(memory);
  const std::uint32_t lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const auto cell_count = static_cast<std::uint32_t>(problem.cell_count);
  const auto bin_of = [&](std::uint32_t cell) { return LaneBin{bins + cell * (kLaneBinWords * 32) + lane}; };
  for (std::uint32_t cell = warp; cell < cell_count; cell += kLaneBinThreads / 32) {
#pragma unroll
    for (int word = 0; word < kLaneBinWords - 1; ++word) bin_of(cell).words[word * 32] = 0;
    bin_of(cell).words[4 * 32] = label_sign(problem.cell_labels[cell] != 0);
  }
  __syncthreads();
  const std::int64_t member = blockIdx.y;
  const RowRange range = strip_of(problem, blockIdx.x);
  bool is_usual = true;
  const auto add_row = [&](float logit, std::int32_t stored_cell) {
    const std::uint32_t cell = min(static_cast<std::uint32_t>(stored_cell), cell_count - 1);
    const LaneBin bin = bin_of(cell);
    const RowTerms terms = row_terms<kPlain>(logit, bin.sign(), problem.threshold, problem.inverse_temperature);
    is_usual = is_usual && static_cast<std::uint32_t>(stored_cell) == cell && terms.loss < kMostLoss;
    bin.add(terms, logit > problem.threshold);
  };
  constexpr std::int64_t kStep = kLaneBinThreads * kRowsPerThread;
  std::int64_t row = range.begin + threadIdx.x * kRowsPerThread;
  if constexpr (kRows != RowStorage::kAnyWay) {
    for (; row + kRowsPerThread <= range.end; row += kStep) {
      const LoadedRows rows = load_whole_rows<kRows>(problem, member, row);
#pragma unroll
      for (int i = 0; i < kRowsPerThread; ++i) add_row(rows.logits[i], rows.cells[i]);
    }
  }
  for (; row < range.end; row += kStep) {
    const LoadedRows rows = load_rows(problem, member, row, range.end, aligned);
#pragma unroll
    for (int i = 0; i < kRowsPerThread; ++i) {
      if (i < rows.count) add_row(rows.logits[i], rows.cells[i]);
    }
  }
  if (__syncthreads_or(!is_usual) != 0) {
    static_assert(kLaneBinThreads / 32 * sizeof(float4) <= kLaneBinWords * 32 * sizeof(std::uint32_t));
    sum_in_warp_bins(problem, memory, kLaneBinThreads / 32, 0, problem.cell_count);
    return;
  }
  let_next_grid_start();
  double* out = output_of(problem, blockIdx.x, member);
  for (std::uint32_t cell = warp; cell < cell_count; cell += kLaneBinThreads / 32) {
    const BinSum sum = warp_sum(bin_of(cell).read());
    if (lane == 0) write_sums(out + cell * 4, sum, false);
  }
}

}  // namespace equipoise::kernels
