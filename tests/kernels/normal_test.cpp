#include "kernels/device/normal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace equipoise::kernels {
namespace normal_test {

// Words all over [0, 2^32), with its ends.
template <typename Check>
void for_words(Check&& check) {
  for (const std::uint32_t word : {0u, 1u, 0x3fffffffu, 0x40000000u, 0x40000001u, 0x7fffffffu, 0x80000000u, 0x80000001u,
                                   0xbfffffffu, 0xc0000000u, 0xfffffffeu, 0xffffffffu})
    check(word);
  for (std::uint32_t i = 0; i < 20'000; ++i) check(i * 0x9E3779B1u);
}

TEST(NormalTest, LogarithmIsWithinTwoInTenToTheFourteen) {
  for_words([](std::uint32_t word) {
    const double part = (word + 0.5) * 0x1p-32, truth = std::log(part);
    EXPECT_NEAR(exact_log(part), truth, 2e-14 * std::max(1.0, std::abs(truth))) << part;
  });
  EXPECT_EQ(exact_log(1.0), 0.0);
}

TEST(NormalTest, CosineIsWithinOneInTenToTheFifteen) {
  for_words([](std::uint32_t word) {
    EXPECT_NEAR(exact_cosine_of_turn(word), std::cos(6.283185307179586 * (word * 0x1p-32)), 1e-15) << word;
  });
}

TEST(NormalTest, ExponentialIsWithinTwoInTenToTheFourteenAndFarOutWithinOneInTenToTheThirteen) {
  for (double x = 0; x < 40; x += 0.0037) EXPECT_NEAR(exact_exp_of_minus(x) / std::exp(-x), 1, 2e-14) << x;
  for (double x = 40; x < 700; x += 0.037) EXPECT_NEAR(exact_exp_of_minus(x) / std::exp(-x), 1, 1e-13) << x;
}

TEST(NormalTest, HowLikelyANumberIsBelowIsWithinTwoInTenToTheThirteen) {
  double before = 0;
  for (double x = -6.99; x < 6.99; x += 0.00113) {
    const double below = normal_below(x), truth = 0.5 * std::erfc(-x * 0.7071067811865476);
    EXPECT_NEAR(below, truth, 2e-13) << x;
    EXPECT_GE(below, before);
    before = below;
  }
  EXPECT_EQ(normal_below(-7), 0);
  EXPECT_EQ(normal_below(1e300), 1);
  EXPECT_NEAR(normal_below(0), 0.5, 2e-13);
}

// Exact bits, so that another compiler or machine that rounds otherwise is seen: these are promised to be the same anywhere.
TEST(NormalTest, HasTheseBits) {
  std::uint64_t bits = 0;
  for_words([&](std::uint32_t word) {
    const double normal = normal_of_words(word, word * 2654435761u + 7);
    bits = bits * 0x9E3779B97F4A7C15u + double_to_bits(normal) + double_to_bits(normal_below(normal));
  });
  EXPECT_EQ(bits, 9266160164790588235u);
}

}  // namespace normal_test
}  // namespace equipoise::kernels
