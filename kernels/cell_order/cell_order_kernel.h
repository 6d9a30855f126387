// Pointers and sizes of one ordering.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/device/cell_type.h"

namespace equipoise::kernels {

struct CellOrderProblem {
  const void* cells = nullptr;      // [N] of cell_type
  std::int64_t* rows = nullptr;     // [N], out
  std::int64_t* offsets = nullptr;  // [C + 1], out
  std::int64_t row_count = 0;       // N
  std::int64_t cell_count = 0;      // C
  CellType cell_type = CellType::kU8;
};

constexpr std::int64_t kMostOrderedRows = 2147483647;

// Returns the first row whose cell is outside [0, C), or -1; then rows and offsets are whole.
std::int64_t cell_order_cpu(const CellOrderProblem& problem);

// On CUDA rows outside come last, in their own order, and offsets[C] counts those inside. `scratch` has
// cell_order_scratch bytes.
std::size_t cell_order_scratch(const CellOrderProblem& problem);
int launch_cell_order(const CellOrderProblem& problem, void* scratch, void* stream);

}  // namespace equipoise::kernels
