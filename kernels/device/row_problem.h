// What every op over rows of logits reads, as pointers and sizes.
#pragma once

#include <cstdint>

#include "kernels/device/cell_type.h"

namespace equipoise::kernels {

struct RowProblem {
  const void* logits = nullptr;               // [K, N] f32 or bf16
  const void* cells = nullptr;                // [N] of cell_type
  const std::uint8_t* cell_labels = nullptr;  // [C]
  const float* weights = nullptr;             // [N], or null for all ones
  std::int64_t members = 0;                   // K
  std::int64_t rows = 0;                      // N
  std::int64_t cell_count = 0;                // C
  CellType cell_type = CellType::kU8;
  bool bfloat16 = false;
  float threshold = 0.0f;
  float inverse_temperature = 1.0f;
};

}  // namespace equipoise::kernels
