// Where the gradients of eight rows go.
#pragma once

#include "kernels/device/neighbours.cuh"
#include "kernels/device/row_load.cuh"
#include "kernels/push/push_math.h"

namespace equipoise::kernels {

template <typename Stored>
__device__ __forceinline__ void store_rows(Stored* to, const float (&values)[kRowsPerThread], int rows, bool whole) {
  if (whole) return store_neighbours(to, values);
#pragma unroll
  for (int i = 0; i < kRowsPerThread; ++i) {
    if (i < rows) store(to + i, values[i]);
  }
}

// Gradients of rows [row, row + 8) from `offset` on. `whole` says that all eight exist and are aligned.
__device__ __forceinline__ void store_gradients(void* gradient, bool bfloat16, std::int64_t offset, int rows,
                                                bool whole, const float (&out)[kRowsPerThread]) {
  if (bfloat16) {
    store_rows(static_cast<Bfloat16*>(gradient) + offset, out, rows, whole);
  } else {
    store_rows(static_cast<float*>(gradient) + offset, out, rows, whole);
  }
}

}  // namespace equipoise::kernels
