// What becomes of one slot, and of one feature.
#pragma once

#include <cmath>

#include "kernels/device/philox.h"
#include "kernels/make_rows/make_rows_kernel.h"

namespace equipoise::kernels {

constexpr std::uint32_t kSlotStream = 0x4d414b45u;
constexpr std::uint32_t kFeatureStream = 0x4d414b46u;

EQUIPOISE_HOST_DEVICE PhiloxCounter words_of_slot(std::uint64_t seed, std::uint64_t step, std::uint64_t slot) {
  return philox({{static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32),
                  static_cast<std::uint32_t>(slot), kSlotStream ^ static_cast<std::uint32_t>(slot >> 32)}},
                philox_key(seed));
}

// A step below 2^32 and a feature below 2^16 have words of their own.
EQUIPOISE_HOST_DEVICE PhiloxCounter words_of_feature(std::uint64_t seed, std::uint64_t step, std::uint64_t slot,
                                                     std::uint32_t feature) {
  return philox({{static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32) ^ feature << 16,
                  static_cast<std::uint32_t>(slot), kFeatureStream ^ static_cast<std::uint32_t>(slot >> 32)}},
                philox_key(seed));
}

// [0, 1) of 24 bits: exact in a float.
EQUIPOISE_HOST_DEVICE float unit(std::uint32_t word) {
  return static_cast<float>(word >> 8) * 0x1p-24f;
}

// The first recipe whose limit is above the word; -1: none.
EQUIPOISE_HOST_DEVICE std::int32_t recipe_at(const std::int64_t* limits, std::int64_t recipes, std::uint32_t word) {
  for (std::int64_t r = 0; r < recipes; ++r)
    if (static_cast<std::int64_t>(word) < limits[r]) return static_cast<std::int32_t>(r);
  return -1;
}

// Where a number lies, in bins.
struct Encoded {
  std::int16_t code;
  float value;
};

EQUIPOISE_HOST_DEVICE Encoded at_position(float position, std::int16_t bins) {
  const float inside = position < 0 ? 0 : position > bins ? static_cast<float>(bins) : position;
  std::int16_t code = static_cast<std::int16_t>(inside);
  if (code >= bins) code = static_cast<std::int16_t>(bins - 1);
  return {code, inside - static_cast<float>(code)};
}

}  // namespace equipoise::kernels
