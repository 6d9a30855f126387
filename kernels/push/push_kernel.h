// Pointers and sizes of one push, and who works on it.
#pragma once

#include <cstdint>

#include "kernels/device/row_problem.h"

namespace equipoise::kernels {

struct PushProblem : RowProblem {
  const float* loss_price = nullptr;  // [K, C]
  const float* soft_price = nullptr;  // [K, C]
  void* gradient = nullptr;           // [K, N], of the logits' type
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
