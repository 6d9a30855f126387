// Neighbouring stored numbers at a time, as floats: one number anywhere, or more in accesses of 16 bytes.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/device/stored_number.h"

namespace equipoise::kernels {

template <typename Stored>
constexpr int kPerAccess = 16 / static_cast<int>(sizeof(Stored));

inline bool is_aligned(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0;
}

// `from` is aligned to 16 bytes where kCount is above 1.
template <int kCount>
__device__ __forceinline__ void load_neighbours(const float* from, float (&out)[kCount]) {
  if constexpr (kCount == 1) {
    out[0] = *from;
  } else {
#pragma unroll
    for (int i = 0; i < kCount; i += 4) {
      const float4 four = *reinterpret_cast<const float4*>(from + i);
      out[i] = four.x, out[i + 1] = four.y, out[i + 2] = four.z, out[i + 3] = four.w;
    }
  }
}

template <int kCount>
__device__ __forceinline__ void load_neighbours(const Bfloat16* from, float (&out)[kCount]) {
  if constexpr (kCount == 1) {
    out[0] = as_float(*from);
  } else {
#pragma unroll
    for (int i = 0; i < kCount; i += 8) {
      const uint4 eight = *reinterpret_cast<const uint4*>(from + i);
      const std::uint32_t words[4] = {eight.x, eight.y, eight.z, eight.w};
#pragma unroll
      for (int word = 0; word < 4; ++word) {
        out[i + 2 * word] = __uint_as_float(words[word] << 16);
        out[i + 2 * word + 1] = __uint_as_float(words[word] & 0xffff0000u);
      }
    }
  }
}

template <int kCount>
__device__ __forceinline__ void store_neighbours(float* to, const float (&values)[kCount]) {
  if constexpr (kCount == 1) {
    *to = values[0];
  } else {
#pragma unroll
    for (int i = 0; i < kCount; i += 4)
      *reinterpret_cast<float4*>(to + i) = make_float4(values[i], values[i + 1], values[i + 2], values[i + 3]);
  }
}

template <int kCount>
__device__ __forceinline__ void store_neighbours(Bfloat16* to, const float (&values)[kCount]) {
  if constexpr (kCount == 1) {
    store(to, values[0]);
  } else {
#pragma unroll
    for (int i = 0; i < kCount; i += 8) {
      std::uint32_t words[4];
#pragma unroll
      for (int word = 0; word < 4; ++word) {
        const std::uint32_t low = rounded(values[i + 2 * word]).bits, high = rounded(values[i + 2 * word + 1]).bits;
        words[word] = low | high << 16;
      }
      *reinterpret_cast<uint4*>(to + i) = make_uint4(words[0], words[1], words[2], words[3]);
    }
  }
}

}  // namespace equipoise::kernels
