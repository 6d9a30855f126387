// The formula of one unit and the random byte that drops it, for host and device.
#pragma once

#include "kernels/device/philox.h"
#include "kernels/device/stored_number.h"

namespace equipoise::kernels {

// One Philox block holds the bytes of this many neighbouring units.
constexpr int kUnitsPerDraw = 16;

EQUIPOISE_HOST_DEVICE PhiloxCounter dropout_draw(std::int64_t step, std::int64_t layer, std::int64_t row,
                                                 std::int64_t unit_block, PhiloxKey key) {
  const PhiloxCounter counter = {{static_cast<std::uint32_t>(unit_block) | static_cast<std::uint32_t>(layer) << 24,
                                  static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(step),
                                  static_cast<std::uint32_t>(static_cast<std::uint64_t>(step) >> 32)}};
  return philox(counter, key);
}

EQUIPOISE_HOST_DEVICE std::uint32_t dropout_byte(const PhiloxCounter& draw, int unit) {
  return draw.word[unit >> 2] >> (8 * (unit & 3)) & 0xffu;
}

EQUIPOISE_HOST_DEVICE float dropout_scale(std::int64_t rate_256) {
  return 256.0f / static_cast<float>(256 - rate_256);
}

// NaN stays NaN, so that a diverged run is seen.
EQUIPOISE_HOST_DEVICE float activated(float x, bool kept, float scale) {
  return kept ? (x < 0.0f ? 0.0f : x * scale) : (x != x ? x : 0.0f);
}

}  // namespace equipoise::kernels
