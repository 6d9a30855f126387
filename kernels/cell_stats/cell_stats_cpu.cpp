// Measure on the CPU: one strip of rows of one member. Compiled once per instruction set (EQUIPOISE_CPU_LEVEL).
#include "kernels/cell_stats/cell_stats_kernel.h"
#include "kernels/cell_stats/cell_stats_math.h"
#include "kernels/device/row_block.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

// Up to kMaskedCells each cell has its own accumulators and rows are added under a mask; beyond, rows go into bins,
// which on AVX2 is faster sooner, and without it always. kGroup: cells whose accumulators are in registers at once.
#if defined(__AVX512F__)
constexpr std::int64_t kMaskedCells = 16;
constexpr int kGroup = 8;
#elif defined(__AVX2__)
constexpr std::int64_t kMaskedCells = 8;
constexpr int kGroup = 4;
#else
constexpr std::int64_t kMaskedCells = 0;
constexpr int kGroup = 4;
#endif

using Bin = double __attribute__((vector_size(32)));  // weight, loss, soft, hard
using DoubleLanes = double __attribute__((vector_size(kLanes * 8), aligned(64), may_alias));

// What each row of a block adds to its cell.
struct Terms {
  alignas(64) float weight[kBlockRows];
  alignas(64) float loss[kBlockRows];
  alignas(64) float soft[kBlockRows];
  alignas(64) float hard[kBlockRows];
  alignas(64) std::int32_t counts[kBlockRows];  // 1 + 65536 * hard, where all weights are 1
};

struct alignas(64) LaneSums {
  double lane[4][kLanes];
};

template <bool kMasked>
void compute_terms(const RowBlock& block, const std::uint32_t* signs, std::uint32_t label_bits, float threshold,
                   float inverse_temperature, Terms& terms) {
  const float* logits = block.logits;
  const int padded = block.padded;
#pragma GCC ivdep
  for (int i = 0; i < padded; ++i) {
    const float logit = logits[i];
    const std::uint32_t sign = kMasked ? label_sign(label_bits >> block.cells[i]) : signs[i];
    terms.loss[i] = row_loss(logit, sign);
    terms.soft[i] = row_soft(logit, threshold, inverse_temperature);
    if (kMasked) {
      terms.counts[i] = logit > threshold ? 65537 : 1;
    } else {
      terms.hard[i] = logit > threshold ? 1.0f : 0.0f;
    }
  }
}

void apply_weights(const RowBlock& block, const float* logits, float threshold, const float* weights, Terms& terms) {
  for (int i = 0; i < block.rows; ++i) {
    const float weight = weights[i];
    terms.weight[i] = weight;
    terms.loss[i] *= weight;
    terms.soft[i] *= weight;
    terms.hard[i] = logits[i] > threshold ? weight : 0.0f;
  }
}

FloatLanes masked(IntLanes mask, const float* values) {
  return (FloatLanes)(mask & *reinterpret_cast<const IntLanes*>(values));
}

void add_lanes(double* sums, FloatLanes values) {
  *reinterpret_cast<DoubleLanes*>(sums) += __builtin_convertvector(values, DoubleLanes);
}

void add_lanes(double* sums, IntLanes values) {
  *reinterpret_cast<DoubleLanes*>(sums) += __builtin_convertvector(values, DoubleLanes);
}

template <int kCells>
void add_counted(const RowBlock& block, const Terms& terms, std::int32_t first_cell, LaneSums* sums) {
  FloatLanes loss[kCells] = {};
  FloatLanes soft[kCells] = {};
  IntLanes counts[kCells] = {};
  for (int i = 0; i < block.padded; i += kLanes) {
    const IntLanes cells = *reinterpret_cast<const IntLanes*>(block.cells + i);
    const IntLanes both = *reinterpret_cast<const IntLanes*>(terms.counts + i);
#pragma GCC unroll 8
    for (int k = 0; k < kCells; ++k) {
      const IntLanes mask = cells == first_cell + k;
      loss[k] += masked(mask, terms.loss + i);
      soft[k] += masked(mask, terms.soft + i);
      counts[k] += mask & both;
    }
  }
#pragma GCC unroll 8
  for (int k = 0; k < kCells; ++k) {
    add_lanes(sums[k].lane[0], counts[k] & 0xffff);
    add_lanes(sums[k].lane[1], loss[k]);
    add_lanes(sums[k].lane[2], soft[k]);
    add_lanes(sums[k].lane[3], counts[k] >> 16);
  }
}

template <int kCells>
void add_weighted(const RowBlock& block, const Terms& terms, std::int32_t first_cell, LaneSums* sums) {
  FloatLanes total[kCells][4] = {};
  for (int i = 0; i < block.padded; i += kLanes) {
    const IntLanes cells = *reinterpret_cast<const IntLanes*>(block.cells + i);
#pragma GCC unroll 8
    for (int k = 0; k < kCells; ++k) {
      const IntLanes mask = cells == first_cell + k;
      total[k][0] += masked(mask, terms.weight + i);
      total[k][1] += masked(mask, terms.loss + i);
      total[k][2] += masked(mask, terms.soft + i);
      total[k][3] += masked(mask, terms.hard + i);
    }
  }
#pragma GCC unroll 8
  for (int k = 0; k < kCells; ++k) {
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) add_lanes(sums[k].lane[q], total[k][q]);
  }
}

void add_masked(const RowBlock& block, const Terms& terms, bool weighted, int cell_count, LaneSums* sums) {
  int cell = 0;
  if (!weighted) {
    for (; cell + kGroup <= cell_count; cell += kGroup) add_counted<kGroup>(block, terms, cell, sums + cell);
    for (; cell + 2 <= cell_count; cell += 2) add_counted<2>(block, terms, cell, sums + cell);
    for (; cell < cell_count; ++cell) add_counted<1>(block, terms, cell, sums + cell);
  } else {
    for (; cell + 4 <= cell_count; cell += 4) add_weighted<4>(block, terms, cell, sums + cell);
    for (; cell < cell_count; ++cell) add_weighted<1>(block, terms, cell, sums + cell);
  }
}

// Rows i and i + 1 use different bins, so that two neighbours of one cell do not wait for each other's store.
void add_to_bins(const RowBlock& block, const Terms& terms, Bin* bins, std::int64_t bin_stride, int bin_sets) {
  for (int i = 0; i < block.rows; ++i) {
    Bin* bin = bins + (i & (bin_sets - 1)) * bin_stride + block.cells[i];
    *bin += Bin{terms.weight[i], terms.loss[i], terms.soft[i], terms.hard[i]};
  }
}

struct Range {
  std::int64_t begin;
  std::int64_t end;
};

Range strip_range(const CellStatsProblem& problem, std::int64_t strip) {
  const std::int64_t blocks = (problem.rows + kBlockRows - 1) / kBlockRows;
  const std::int64_t per_strip = (blocks + problem.strips - 1) / problem.strips * kBlockRows;
  const std::int64_t begin = strip * per_strip < problem.rows ? strip * per_strip : problem.rows;
  return {begin, begin + per_strip < problem.rows ? begin + per_strip : problem.rows};
}

std::int64_t strip_by_mask(const CellStatsProblem& problem, Range range, std::int64_t member, double* out) {
  LaneSums sums[16];
  __builtin_memset(sums, 0, sizeof(sums));
  RowBlock block;
  Terms terms;
  std::uint32_t label_bits = 0;
  for (std::int64_t cell = 0; cell < problem.cell_count; ++cell) {
    if (problem.cell_labels[cell] != 0) label_bits |= 1u << cell;
  }
  for (std::int64_t row = range.begin; row < range.end; row += kBlockRows) {
    const int rows = static_cast<int>(range.end - row < kBlockRows ? range.end - row : kBlockRows);
    const std::int64_t bad = read_cells(problem.cells, problem.cell_type, row, rows, problem.cell_count,
                                        static_cast<std::int32_t>(kMaskedCells), block);
    if (bad >= 0) return bad;
    read_logits(problem.logits, problem.bfloat16, member * problem.rows + row, block);
    compute_terms<true>(block, nullptr, label_bits, problem.threshold, problem.inverse_temperature, terms);
    if (problem.weights != nullptr) {
      apply_weights(block, block.logits, problem.threshold, problem.weights + row, terms);
    }
    add_masked(block, terms, problem.weights != nullptr, static_cast<int>(problem.cell_count), sums);
  }
  for (std::int64_t cell = 0; cell < problem.cell_count; ++cell) {
    for (int q = 0; q < 4; ++q) {
      double sum = 0.0;
      for (int lane = 0; lane < kLanes; ++lane) sum += sums[cell].lane[q][lane];
      out[cell * 4 + q] = sum;
    }
  }
  return -1;
}

std::int64_t strip_by_bin(const CellStatsProblem& problem, Range range, std::int64_t member, double* out) {
  // More sets than the first-level cache holds would cost more than the waits that they avoid.
  const int bin_sets = problem.cell_count <= 256 ? 4 : (problem.cell_count <= 1024 ? 2 : 1);
  const std::int64_t bin_stride = problem.cell_count + 1;
  const std::size_t bytes = static_cast<std::size_t>(bin_stride) * bin_sets * sizeof(Bin);
  Bin* bins = static_cast<Bin*>(__builtin_malloc(bytes + 64));
  Bin* aligned = reinterpret_cast<Bin*>((reinterpret_cast<std::uintptr_t>(bins) + 63) & ~std::uintptr_t{63});
  __builtin_memset(aligned, 0, bytes);
  RowBlock block;
  Terms terms;
  alignas(64) std::uint32_t signs[kBlockRows];
  for (int i = 0; i < kBlockRows; ++i) terms.weight[i] = 1.0f;
  std::int64_t bad = -1;
  for (std::int64_t row = range.begin; row < range.end && bad < 0; row += kBlockRows) {
    const int rows = static_cast<int>(range.end - row < kBlockRows ? range.end - row : kBlockRows);
    bad = read_cells(problem.cells, problem.cell_type, row, rows, problem.cell_count, 0, block);
    if (bad >= 0) break;
    read_logits(problem.logits, problem.bfloat16, member * problem.rows + row, block);
    for (int i = 0; i < block.padded; ++i) signs[i] = label_sign(problem.cell_labels[block.cells[i]] != 0);
    compute_terms<false>(block, signs, 0, problem.threshold, problem.inverse_temperature, terms);
    if (problem.weights != nullptr) {
      apply_weights(block, block.logits, problem.threshold, problem.weights + row, terms);
    }
    add_to_bins(block, terms, aligned, bin_stride, bin_sets);
  }
  for (std::int64_t cell = 0; cell < problem.cell_count; ++cell) {
    Bin sum = aligned[cell];
    for (int set = 1; set < bin_sets; ++set) sum += aligned[set * bin_stride + cell];
    for (int q = 0; q < 4; ++q) out[cell * 4 + q] = sum[q];
  }
  __builtin_free(bins);
  return bad;
}

}  // namespace

void cell_stats_strip(CellStatsStrip& strip) {
  const CellStatsProblem& problem = *strip.problem;
  double* out = problem.partials + (strip.strip * problem.members + strip.member) * problem.cell_count * 4;
  const Range range = strip_range(problem, strip.strip);
  strip.bad_row = kMaskedCells > 0 && problem.cell_count <= kMaskedCells
                      ? strip_by_mask(problem, range, strip.member, out)
                      : strip_by_bin(problem, range, strip.member, out);
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
