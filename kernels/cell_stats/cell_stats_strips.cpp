// How a measure is cut into strips on the CPU, and how the strips are put together.
#include "kernels/cell_stats/cell_stats_kernel.h"
#include "kernels/device/cpu_level.h"
#include "kernels/device/strips.h"

namespace equipoise::kernels {

std::int64_t cell_stats_strips(std::int64_t rows, std::int64_t cell_count) {
  constexpr std::int64_t kLeastRows = 16384;  // below, putting strips together would show
  return strips_of(rows, cell_count, kLeastRows);
}

std::int64_t cell_stats_strip_cpu(const CellStatsProblem& problem, std::int64_t strip, std::int64_t member) {
  CellStatsStrip work{&problem, strip, member, -1};
  EQUIPOISE_AT_CPU_LEVEL(cell_stats_strip, work);
  return work.bad_row;
}

void cell_stats_finish_cpu(const CellStatsProblem& problem) {
  const std::int64_t size = problem.members * problem.cell_count * 4;
  add_strips(problem.partials, problem.strips, size, problem.sums);
}

}  // namespace equipoise::kernels
