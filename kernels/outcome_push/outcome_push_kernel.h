// Pointers and sizes of one push through outcomes, and who works on it.
#pragma once

#include <cstdint>

#include "kernels/outcome_stats/outcome_problem.h"

namespace equipoise::kernels {

struct OutcomePushProblem : OutcomeProblem {
  const float* loss_price = nullptr;  // [K, C * M], read at outcome 0
  const float* soft_price = nullptr;  // [K, C * M]
  void* gradient = nullptr;           // [K, N, O], of the scores' type
};

// Rows [begin, end) of one member. bad_row is the first row whose cell or target is none, or -1.
struct OutcomePushRange {
  const OutcomePushProblem* problem;
  std::int64_t member;
  std::int64_t begin;
  std::int64_t end;
  std::int64_t bad_row;  // out
};

void outcome_push_range_cpu(OutcomePushRange& range);

namespace baseline {
void outcome_push_range(OutcomePushRange& range);
}
namespace avx2 {
void outcome_push_range(OutcomePushRange& range);
}
namespace avx512 {
void outcome_push_range(OutcomePushRange& range);
}

int launch_outcome_push(const OutcomePushProblem& problem, void* stream);

}  // namespace equipoise::kernels
