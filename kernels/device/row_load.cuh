// Eight neighbouring rows at a time, in 16-byte loads where the addresses allow it.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/device/cell_type.h"
#include "kernels/device/neighbours.cuh"
#include "kernels/device/stored_cell.h"

namespace equipoise::kernels {

constexpr int kRowsPerThread = 8;
constexpr std::int32_t kNoRow = -1;    // past the end
constexpr std::int32_t kBadCell = -2;  // a row whose cell is outside [0, C)

// Whether rows 8 i of every member start on 16 bytes.
inline bool rows_are_aligned(const void* logits, const void* cells, const void* weights, const void* gradient,
                             std::int64_t members, std::int64_t rows) {
  const std::uintptr_t bits = reinterpret_cast<std::uintptr_t>(logits) | reinterpret_cast<std::uintptr_t>(cells) |
                              reinterpret_cast<std::uintptr_t>(weights) | reinterpret_cast<std::uintptr_t>(gradient);
  return bits % 16 == 0 && (members == 1 || rows % kRowsPerThread == 0);
}

// One logit of rows that are stored as `bfloat16` says.
__device__ inline float stored_logit(const void* logits, bool bfloat16, std::int64_t at) {
  return bfloat16 ? as_float(static_cast<const Bfloat16*>(logits)[at]) : static_cast<const float*>(logits)[at];
}

// Logits of rows [row, row + 8); those past the end are 0. `whole` says that all eight exist and are aligned.
__device__ inline void load_logits(const void* logits, bool bfloat16, std::int64_t offset, int rows, bool whole,
                                   float (&out)[kRowsPerThread]) {
  if (whole && bfloat16) {
    load_neighbours(static_cast<const Bfloat16*>(logits) + offset, out);
  } else if (whole) {
    load_neighbours(static_cast<const float*>(logits) + offset, out);
  } else {
#pragma unroll
    for (int i = 0; i < kRowsPerThread; ++i) out[i] = i < rows ? stored_logit(logits, bfloat16, offset + i) : 0.0f;
  }
}

__device__ inline void load_weights(const float* weights, std::int64_t row, int rows, bool whole,
                                    float (&out)[kRowsPerThread]) {
  if (weights != nullptr) {
    load_logits(weights, false, row, rows, whole, out);
  } else {
#pragma unroll
    for (int i = 0; i < kRowsPerThread; ++i) out[i] = 1.0f;
  }
}

// Cells of the same rows as they are stored; 0 past the end.
__device__ inline void load_stored_cells(const void* cells, CellType type, std::int64_t row, int rows, bool whole,
                                         std::int32_t (&out)[kRowsPerThread]) {
  if (whole && type == CellType::kU8) {
    const uint2 packed = *reinterpret_cast<const uint2*>(static_cast<const std::uint8_t*>(cells) + row);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      out[i] = static_cast<std::int32_t>(__byte_perm(packed.x, 0, 0x4440 + i));
      out[4 + i] = static_cast<std::int32_t>(__byte_perm(packed.y, 0, 0x4440 + i));
    }
  } else if (whole && type == CellType::kI16) {
    const uint4 packed = *reinterpret_cast<const uint4*>(static_cast<const std::int16_t*>(cells) + row);
    const std::uint32_t words[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      out[2 * i] = static_cast<std::int16_t>(words[i] & 0xffffu);
      out[2 * i + 1] = static_cast<std::int16_t>(words[i] >> 16);
    }
  } else if (whole) {
    const int4* source = reinterpret_cast<const int4*>(static_cast<const std::int32_t*>(cells) + row);
    const int4 low = source[0];
    const int4 high = source[1];
    out[0] = low.x, out[1] = low.y, out[2] = low.z, out[3] = low.w;
    out[4] = high.x, out[5] = high.y, out[6] = high.z, out[7] = high.w;
  } else {
#pragma unroll
    for (int i = 0; i < kRowsPerThread; ++i)
      out[i] = i < rows ? static_cast<std::int32_t>(stored_cell(cells, type, row + i)) : 0;
  }
}

// The same: kNoRow past the end, kBadCell outside [0, cell_count).
__device__ inline void load_cells(const void* cells, CellType type, std::int64_t row, int rows, bool whole,
                                  std::int64_t cell_count, std::int32_t (&out)[kRowsPerThread]) {
  load_stored_cells(cells, type, row, rows, whole, out);
#pragma unroll
  for (int i = 0; i < kRowsPerThread; ++i) {
    if (out[i] < 0 || out[i] >= cell_count) out[i] = kBadCell;
    if (i >= rows) out[i] = kNoRow;
  }
}

}  // namespace equipoise::kernels
