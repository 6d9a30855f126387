#include "kernels/device/stored_number.h"

#include <c10/util/BFloat16.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace equipoise::kernels {
namespace stored_number_test {

std::uint16_t bits_of(float value) {
  return rounded(value).bits;
}

TEST(StoredNumber, ReadsEveryBfloat16) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto stored = static_cast<std::uint16_t>(bits);
    const float expected = c10::BFloat16(stored, c10::BFloat16::from_bits());
    const float value = as_float(Bfloat16{stored});
    ASSERT_EQ(std::isnan(value), std::isnan(expected)) << bits;
    if (std::isnan(expected)) continue;
    ASSERT_EQ(float_to_bits(value), float_to_bits(expected)) << bits;
  }
}

// LibTorch's own rounding, around every bfloat16: at it, just beside it, halfway to the next and just beside that.
TEST(StoredNumber, RoundsToTheNearestAndTiesToEven) {
  for (std::uint32_t upper = 0; upper < 65536; ++upper) {
    for (const std::uint32_t lower : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      const float value = bits_to_float(upper << 16 | lower);
      if (std::isnan(value)) continue;
      ASSERT_EQ(bits_of(value), c10::BFloat16(value).x) << upper << " " << lower;
    }
  }
}

TEST(StoredNumber, RoundsByHand) {
  EXPECT_EQ(bits_of(1.0f), 0x3f80);
  EXPECT_EQ(bits_of(1.0f + 0x1p-8f), 0x3f80) << "halfway: the even one is below";
  EXPECT_EQ(bits_of(1.0f + 3 * 0x1p-8f), 0x3f82) << "halfway: the even one is above";
  EXPECT_EQ(bits_of(std::numeric_limits<float>::max()), 0x7f80) << "beyond the largest: infinity";
  EXPECT_EQ(bits_of(-std::numeric_limits<float>::infinity()), 0xff80);
  EXPECT_EQ(bits_of(std::nanf("")), 0x7fff);
}

}  // namespace stored_number_test
}  // namespace equipoise::kernels
