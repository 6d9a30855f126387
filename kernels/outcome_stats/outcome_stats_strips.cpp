// How a measure of outcomes is cut into strips on the CPU, and how the strips are put together.
#include "kernels/device/cpu_level.h"
#include "kernels/outcome_stats/outcome_stats_kernel.h"

namespace equipoise::kernels {

std::int64_t outcome_stats_strips(std::int64_t rows, std::int64_t table_rows) {
  constexpr std::int64_t kLeastRows = 8192;       // below, putting strips together would show
  constexpr std::int64_t kMostStrips = 256;       // enough for the cores of one machine
  constexpr std::int64_t kMostScratch = 500'000;  // doubles in partials, a member
  const std::int64_t by_rows = rows / kLeastRows;
  const std::int64_t by_scratch = kMostScratch / (table_rows * 4);
  std::int64_t strips = by_rows < kMostStrips ? by_rows : kMostStrips;
  strips = by_scratch < strips ? by_scratch : strips;
  return strips > 1 ? strips : 1;
}

std::int64_t outcome_stats_strip_cpu(const OutcomeStatsProblem& problem, std::int64_t strip, std::int64_t member) {
  OutcomeStatsStrip work{&problem, strip, member, -1};
  EQUIPOISE_AT_CPU_LEVEL(outcome_stats_strip, work);
  return work.bad_row;
}

void outcome_stats_finish_cpu(const OutcomeStatsProblem& problem) {
  const std::int64_t size = problem.members * problem.cell_count * problem.rule.outcomes * 4;
  for (std::int64_t i = 0; i < size; ++i) problem.sums[i] = 0.0;
  for (std::int64_t strip = 0; strip < problem.strips; ++strip) {
    const double* partial = problem.partials + strip * size;
    for (std::int64_t i = 0; i < size; ++i) problem.sums[i] += partial[i];
  }
}

}  // namespace equipoise::kernels
