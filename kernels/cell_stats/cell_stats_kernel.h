// Pointers and sizes of one measure, and who works on them.
#pragma once

#include <cstdint>

#include "kernels/device/row_problem.h"

namespace equipoise::kernels {

struct CellStatsProblem : RowProblem {
  double* sums = nullptr;      // [K, C, 4]
  double* partials = nullptr;  // [strips, K, C, 4] scratch
  std::int64_t strips = 1;     // ranges of rows that are summed on their own
};

// How many strips a member's rows are cut into: by these sizes alone, so that the order of the sums hangs neither on the
// machine nor on the size of the bank.
std::int64_t cell_stats_strips(std::int64_t rows, std::int64_t cell_count);

// Sums one strip of one member into partials. Returns the first row whose cell is outside [0, C), or -1.
std::int64_t cell_stats_strip_cpu(const CellStatsProblem& problem, std::int64_t strip, std::int64_t member);

// Adds the partials in the order of the strips.
void cell_stats_finish_cpu(const CellStatsProblem& problem);

// The same strip for one instruction set each; cell_stats_strip_cpu picks.
struct CellStatsStrip {
  const CellStatsProblem* problem;
  std::int64_t strip;
  std::int64_t member;
  std::int64_t bad_row;  // out
};
namespace baseline {
void cell_stats_strip(CellStatsStrip& strip);
}
namespace avx2 {
void cell_stats_strip(CellStatsStrip& strip);
}
namespace avx512 {
void cell_stats_strip(CellStatsStrip& strip);
}

// CUDA: blocks to launch, which is also the number of partials.
std::int64_t cell_stats_strips_cuda(std::int64_t members, std::int64_t rows, std::int64_t cell_count);
int launch_cell_stats(const CellStatsProblem& problem, void* stream);

}  // namespace equipoise::kernels
