// A block of rows in the first-level cache: logits as f32, cells as i32, padded to whole vectors. For the files that
// are compiled once per instruction set, so nothing here may leave an out-of-line copy behind: no standard containers.
#pragma once

#include <cstdint>

#include "kernels/device/cell_type.h"
#include "kernels/device/host_device.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

// may_alias: blocks are arrays of floats and of integers, read and written a vector at a time.
using FloatLanes = float __attribute__((vector_size(kLanes * 4), may_alias));
using IntLanes = std::int32_t __attribute__((vector_size(kLanes * 4), may_alias));
using WordOfFloat = std::uint32_t __attribute__((may_alias));

constexpr int kBlockRows = 1024;

struct RowBlock {
  int rows;                                    // rows that count
  int padded;                                  // rows rounded up to whole vectors
  const float* logits;                         // the caller's own memory where that can be read as it is
  alignas(64) std::int32_t cells[kBlockRows];  // padding holds `padding_cell`
  alignas(64) float logits_copy[kBlockRows];
};

template <typename Cell>
inline __attribute__((always_inline)) std::uint32_t copy_cells(const Cell* source, RowBlock& block) {
  std::uint32_t largest = 0;
  for (int i = 0; i < block.rows; ++i) {
    const std::int32_t cell = source[i];
    block.cells[i] = cell;
    const std::uint32_t unsigned_cell = static_cast<std::uint32_t>(cell);  // a negative cell becomes a huge one
    largest = unsigned_cell > largest ? unsigned_cell : largest;
  }
  return largest;
}

// Reads `rows` cells from `first_row` on. Returns the row of the first cell outside [0, cell_count), or -1.
inline __attribute__((always_inline)) std::int64_t read_cells(const void* cells, CellType type, std::int64_t first_row,
                                                              int rows, std::int64_t cell_count,
                                                              std::int32_t padding_cell, RowBlock& block) {
  block.rows = rows;
  block.padded = (rows + kLanes - 1) / kLanes * kLanes;
  std::uint32_t largest = 0;
  switch (type) {
    case CellType::kU8:
      largest = copy_cells(static_cast<const std::uint8_t*>(cells) + first_row, block);
      break;
    case CellType::kI16:
      largest = copy_cells(static_cast<const std::int16_t*>(cells) + first_row, block);
      break;
    case CellType::kI32:
      largest = copy_cells(static_cast<const std::int32_t*>(cells) + first_row, block);
      break;
  }
  for (int i = rows; i < block.padded; ++i) block.cells[i] = padding_cell;
  if (largest < cell_count) return -1;
  for (int i = 0; i < rows; ++i) {
    if (static_cast<std::uint32_t>(block.cells[i]) >= cell_count) return first_row + i;
  }
  return -1;
}

// Reads the logits of the same rows; `offset` counts elements from the start of the tensor.
inline __attribute__((always_inline)) void read_logits(const void* logits, bool bfloat16, std::int64_t offset,
                                                       RowBlock& block) {
  if (!bfloat16 && block.rows == block.padded) {
    block.logits = static_cast<const float*>(logits) + offset;
    return;
  }
  block.logits = block.logits_copy;
  if (bfloat16) {
    const std::uint16_t* source = static_cast<const std::uint16_t*>(logits) + offset;
    WordOfFloat* target = reinterpret_cast<WordOfFloat*>(block.logits_copy);
    for (int i = 0; i < block.rows; ++i) target[i] = static_cast<std::uint32_t>(source[i]) << 16;
  } else {
    const float* source = static_cast<const float*>(logits) + offset;
    for (int i = 0; i < block.rows; ++i) block.logits_copy[i] = source[i];
  }
  for (int i = block.rows; i < block.padded; ++i) block.logits_copy[i] = 0.0f;
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
