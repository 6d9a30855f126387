// A float as it is stored: whole, or rounded to bfloat16. Arithmetic is in float either way.
#pragma once

#include "kernels/device/elementary.h"

namespace equipoise::kernels {

// The upper half of a float's bits.
struct Bfloat16 {
  std::uint16_t bits;
};

EQUIPOISE_HOST_DEVICE float as_float(float stored) {
  return stored;
}

EQUIPOISE_HOST_DEVICE float as_float(Bfloat16 stored) {
  return bits_to_float(static_cast<std::uint32_t>(stored.bits) << 16);
}

// To the nearest, ties to even; every NaN becomes 0x7fff, which is what the GPU's conversion makes of it.
EQUIPOISE_HOST_DEVICE Bfloat16 rounded(float value) {
#ifdef __CUDA_ARCH__
  Bfloat16 nearest;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(nearest.bits) : "f"(value));
  return nearest;
#else
  const std::uint32_t bits = float_to_bits(value);
  const std::uint32_t nearest = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  return {static_cast<std::uint16_t>(value != value ? 0x7fffu : nearest)};
#endif
}

EQUIPOISE_HOST_DEVICE void store(float* to, float value) {
  *to = value;
}

EQUIPOISE_HOST_DEVICE void store(Bfloat16* to, float value) {
  *to = rounded(value);
}

}  // namespace equipoise::kernels
