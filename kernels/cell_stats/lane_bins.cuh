// Some cells, no weights: the lanes of all warps of a block with one number share bins in shared memory, to which they add
// whole numbers. Lanes of one warp never meet in a bin, so that skew costs nothing, and whole numbers have one sum in
// whatever order the warps come.
//
// A term x < 64 is cut into x = high + low, high a multiple of 2^-12 and low in units of 2^-30, by adding and taking away
// 1.5 * 2^11: the float next to x + 1.5 * 2^11 has that multiple in its last bits. The bits themselves are added, and what
// the constant has in them is taken off at the end, once for each row. A sum is so off by at most 2^-31 a row. A block
// that meets a larger term, a NaN or a cell outside [0, C) sums its strip again by sum_in_warp_bins.
#pragma once

#include "kernels/cell_stats/thread_bins.cuh"
#include "kernels/cell_stats/warp_bins.cuh"

namespace equipoise::kernels {

constexpr std::int64_t kMostLaneCells = 256;
constexpr int kLaneBinThreads = 1024;
constexpr int kLaneBinWords = 5;  // a bin: rows and hard positives, high and low loss, high and low soft
constexpr std::int64_t kMostLaneRows = 32 * 16000;  // of a strip: what 32 bits hold of terms below 64
constexpr float kMostTerm = 64.0f;
constexpr float kHighMagic = 3072.0f;     // 1.5 * 2^11: its last bit is 2^-12
constexpr float kLowMagic = 0.01171875f;  // 1.5 * 2^-7: its last bit is 2^-30
constexpr std::uint32_t kHighMagicBits = 0x45400000;
constexpr std::uint32_t kLowMagicBits = 0x3c400000;

__device__ inline void add_term(std::uint32_t* bin, float term) {
  const float shifted = term + kHighMagic;
  const float low = term - (shifted - kHighMagic);
  atomicAdd(bin, __float_as_uint(shifted));
  atomicAdd(bin + 32, __float_as_uint(low + kLowMagic));
}

__device__ inline double read_term(const std::uint32_t* bin, std::uint32_t rows) {
  const std::uint32_t high = bin[0] - rows * kHighMagicBits;
  const auto low = static_cast<std::int32_t>(bin[32] - rows * kLowMagicBits);
  return high * 0x1p-12 + low * 0x1p-30;
}

// One block a strip and member. `labels` beside the bins: a bit a cell.
template <bool kPlain>
__global__ void __launch_bounds__(kLaneBinThreads, 1) sum_in_lane_bins_kernel(CellStatsProblem problem, bool aligned) {
  extern __shared__ float4 memory[];  // [cells, kLaneBinWords, 32]
  __shared__ std::uint32_t labels[kMostLaneCells / 32];
  std::uint32_t* bins = reinterpret_cast<std::uint32_t*>(memory);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const auto cell_count = static_cast<std::uint32_t>(problem.cell_count);
  for (unsigned i = threadIdx.x; i < cell_count * kLaneBinWords * 32; i += blockDim.x) bins[i] = 0;
  for (int word = warp; word < static_cast<int>(kMostLaneCells / 32); word += kLaneBinThreads / 32) {
    const unsigned cell = word * 32 + lane;
    const unsigned bits = __ballot_sync(kWholeWarp, cell < cell_count && problem.cell_labels[cell] != 0);
    if (lane == 0) labels[word] = bits;
  }
  __syncthreads();
  const std::int64_t member = blockIdx.y;
  const RowRange range = strip_of(problem, blockIdx.x);
  bool is_usual = true;
  for (std::int64_t row = range.begin + threadIdx.x * kRowsPerThread; row < range.end;
       row += kLaneBinThreads * kRowsPerThread) {
    const LoadedRows rows = load_rows(problem, member, row, range.end, aligned);
    const auto add_row = [&](int i) {
      const std::uint32_t cell = min(static_cast<std::uint32_t>(rows.cells[i]), cell_count - 1);
      const std::uint32_t sign = (labels[cell / 32] >> (cell % 32)) << 31;
      const RowTerms terms = row_terms<kPlain>(rows.logits[i], sign, problem.threshold, problem.inverse_temperature);
      is_usual = is_usual && static_cast<std::uint32_t>(rows.cells[i]) == cell && terms.loss < kMostTerm;
      std::uint32_t* bin = bins + cell * (kLaneBinWords * 32) + lane;
      atomicAdd(bin, rows.logits[i] > problem.threshold ? 0x10001u : 1u);
      add_term(bin + 32, terms.loss);
      add_term(bin + 96, terms.soft);
    };
    if (rows.count == kRowsPerThread) {  // without a branch between them, rows overlap
#pragma unroll
      for (int i = 0; i < kRowsPerThread; ++i) add_row(i);
    } else {
#pragma unroll
      for (int i = 0; i < kRowsPerThread; ++i) {
        if (i < rows.count) add_row(i);
      }
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
    const std::uint32_t* bin = bins + cell * (kLaneBinWords * 32) + lane;
    const std::uint32_t rows = bin[0] & 0xffffu;
    const BinSum sum = warp_sum({static_cast<double>(rows), read_term(bin + 32, rows), read_term(bin + 96, rows),
                                 static_cast<double>(bin[0] >> 16)});
    if (lane == 0) write_sums(out + cell * 4, sum, false);
  }
}

}  // namespace equipoise::kernels
