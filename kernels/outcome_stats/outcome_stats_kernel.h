// Pointers and sizes of one measure of outcomes, and who works on them.
#pragma once

#include <cstdint>

#include "kernels/outcome_stats/outcome_problem.h"

namespace equipoise::kernels {

struct OutcomeStatsProblem : OutcomeProblem {
  double* sums = nullptr;      // [K, C * M, 4]
  double* partials = nullptr;  // [strips, K, C * M, 4] scratch
  std::int64_t strips = 1;     // ranges of rows that are summed on their own
};

// How many strips a member's rows are cut into: by these sizes alone, so that the order of the sums hangs neither on the
// machine nor on the size of the bank. table_rows is C * M.
std::int64_t outcome_stats_strips(std::int64_t rows, std::int64_t table_rows);

// Sums one strip of one member into partials. Returns the first row whose cell or target is none, or -1.
std::int64_t outcome_stats_strip_cpu(const OutcomeStatsProblem& problem, std::int64_t strip, std::int64_t member);

// Adds the partials in the order of the strips.
void outcome_stats_finish_cpu(const OutcomeStatsProblem& problem);

// The same strip for one instruction set each; outcome_stats_strip_cpu picks.
struct OutcomeStatsStrip {
  const OutcomeStatsProblem* problem;
  std::int64_t strip;
  std::int64_t member;
  std::int64_t bad_row;  // out
};
namespace baseline {
void outcome_stats_strip(OutcomeStatsStrip& strip);
}
namespace avx2 {
void outcome_stats_strip(OutcomeStatsStrip& strip);
}
namespace avx512 {
void outcome_stats_strip(OutcomeStatsStrip& strip);
}

// CUDA: blocks to launch, which is also the number of partials.
std::int64_t outcome_stats_strips_cuda(std::int64_t members, std::int64_t rows, std::int64_t table_rows);
int launch_outcome_stats(const OutcomeStatsProblem& problem, void* stream);

}  // namespace equipoise::kernels
