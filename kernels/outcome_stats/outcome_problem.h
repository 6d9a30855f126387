// What every op over rows of scores reads, as pointers and sizes.
#pragma once

#include <cstdint>

#include "kernels/device/cell_type.h"
#include "kernels/outcome_stats/outcome_rule.h"

namespace equipoise::kernels {

struct OutcomeProblem {
  const void* scores = nullptr;    // [K, N, O] f32 or bf16
  const float* targets = nullptr;  // [N]
  const void* cells = nullptr;     // [N] of cell_type
  const float* weights = nullptr;  // [N], or null for all ones
  std::int64_t members = 0;        // K
  std::int64_t rows = 0;           // N
  std::int64_t cell_count = 0;     // C
  CellType cell_type = CellType::kU8;
  bool bfloat16 = false;
  OutcomeRule rule;
};

}  // namespace equipoise::kernels
