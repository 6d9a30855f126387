// Pointers and sizes of one push, and who works on it.
#pragma once

#include <cstdint>

#include "kernels/device/cell_type.h"

namespace equipoise::kernels {

struct PushProblem {
  const void* logits = nullptr;               // [K, N] f32 or bf16
  const void* cells = nullptr;                // [N] of cell_type
  const std::uint8_t* cell_labels = nullptr;  // [C]
  const float* loss_price = nullptr;          // [K, C]
  const float* soft_price = nullptr;          // [K, C]
  const float* weights = nullptr;             // [N], or null for all ones
  void* gradient = nullptr;                   // [K, N], of the logits' type
  std::int64_t members = 0;                   // K
  std::int64_t rows = 0;                      // N
  std::int64_t cell_count = 0;                // C
  CellType cell_type = CellType::kU8;
  bool bfloat16 = false;
  float threshold = 0.0f;
  float inverse_temperature = 1.0f;
};

// Rows [begin, end) of one member. bad_row is the first row whose cell is outside [0, C), or -1.
struct PushRange {
  const PushProblem* problem;
  std::int64_t member;
  std::int64_t begin;
  std::int64_t end;
  std::int64_t bad_row;  // out
};

void push_range_cpu(PushRange& range);

namespace baseline {
void push_range(PushRange& range);
}
namespace avx2 {
void push_range(PushRange& range);
}
namespace avx512 {
void push_range(PushRange& range);
}

int launch_push(const PushProblem& problem, void* stream);

}  // namespace equipoise::kernels
