// Which rows a block sums, and where its sums go.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/cell_stats/cell_stats_kernel.h"
#include "kernels/device/row_load.cuh"

namespace equipoise::kernels {

struct RowRange {
  std::int64_t begin;
  std::int64_t end;
};

// Strips are whole groups of eight rows, so that loads stay aligned.
__device__ inline RowRange strip_of(const CellStatsProblem& problem, std::int64_t strip) {
  const std::int64_t groups = (problem.rows + kRowsPerThread - 1) / kRowsPerThread;
  const std::int64_t per_strip = (groups + problem.strips - 1) / problem.strips * kRowsPerThread;
  const std::int64_t begin = strip * per_strip;
  const std::int64_t end = begin + per_strip;
  return {begin, end < problem.rows ? end : problem.rows};
}

__device__ inline double* output_of(const CellStatsProblem& problem, std::int64_t strip, std::int64_t member) {
  double* out = problem.strips == 1 ? problem.sums : problem.partials;
  return out + (strip * problem.members + member) * problem.cell_count * 4;
}

// Eight rows as a thread of a strip meets them.
struct LoadedRows {
  float logits[kRowsPerThread];
  std::int32_t cells[kRowsPerThread];
  int count;
};

__device__ inline LoadedRows load_rows(const CellStatsProblem& problem, std::int64_t member, std::int64_t row,
                                       std::int64_t end, bool aligned) {
  LoadedRows rows;
  rows.count = static_cast<int>(end - row < kRowsPerThread ? end - row : kRowsPerThread);
  const bool whole = aligned && rows.count == kRowsPerThread;
  load_logits(problem.logits, problem.bfloat16, member * problem.rows + row, rows.count, whole, rows.logits);
  load_stored_cells(problem.cells, problem.cell_type, row, rows.count, whole, rows.cells);
  return rows;
}

// How the rows of most batches are stored: aligned, cells as bytes. Told while compiling, that spares a quarter of the work.
enum class RowStorage { kAnyWay, kFloats, kBfloats };

inline RowStorage stored_way(const CellStatsProblem& problem, bool aligned) {
  if (!aligned || problem.cell_type != CellType::kU8) return RowStorage::kAnyWay;
  return problem.bfloat16 ? RowStorage::kBfloats : RowStorage::kFloats;
}

// The same eight rows, which all exist.
template <RowStorage kRows>
__device__ __forceinline__ LoadedRows load_whole_rows(const CellStatsProblem& problem, std::int64_t member,
                                                      std::int64_t row) {
  LoadedRows rows;
  rows.count = kRowsPerThread;
  load_logits(problem.logits, kRows == RowStorage::kBfloats, member * problem.rows + row, kRowsPerThread, true,
              rows.logits);
  load_stored_cells(problem.cells, CellType::kU8, row, kRowsPerThread, true, rows.cells);
  return rows;
}

// What follows in the stream may be launched while this grid ends: it waits for the grid's results by itself.
__device__ inline void let_next_grid_start() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
#endif
}

}  // namespace equipoise::kernels
