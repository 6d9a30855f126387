// How a measure of outcomes is cut into strips on the CPU, and how the strips are put together.
#include "kernels/device/cpu_level.h"
#include "kernels/device/strips.h"
#include "kernels/outcome_stats/outcome_stats_kernel.h"

namespace equipoise::kernels {

std::int64_t outcome_stats_strips(std::int64_t rows, std::int64_t table_rows) {
  constexpr std::int64_t kLeastRows = 8192;  // below, putting strips together would show
  return strips_of(rows, table_rows, kLeastRows);
}

std::int64_t outcome_stats_strip_cpu(const OutcomeStatsProblem& problem, std::int64_t strip, std::int64_t member) {
  OutcomeStatsStrip work{&problem, strip, member, -1};
  EQUIPOISE_AT_CPU_LEVEL(outcome_stats_strip, work);
  return work.bad_row;
}

void outcome_stats_finish_cpu(const OutcomeStatsProblem& problem) {
  const std::int64_t size = problem.members * problem.cell_count * problem.rule.outcomes * 4;
  add_strips(problem.partials, problem.strips, size, problem.sums);
}

}  // namespace equipoise::kernels
