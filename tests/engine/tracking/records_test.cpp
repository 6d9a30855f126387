#include "engine/tracking/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace equipoise::tracking {
namespace records_test {

using testing::ElementsAre;
using testing::IsEmpty;

std::uint32_t unmasked(std::uint32_t masked) {
  const std::uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

// The test vectors of RFC 3720, appendix B.4.
TEST(Records, TheCheckIsCrc32cOfRfc3720) {
  EXPECT_EQ(unmasked(masked_crc32c(std::string(32, '\0'))), 0x8a9136aau);
  EXPECT_EQ(unmasked(masked_crc32c(std::string(32, '\xff'))), 0x62a8ab43u);
  std::string ascending;
  for (char byte = 0; byte < 32; ++byte) ascending += byte;
  EXPECT_EQ(unmasked(masked_crc32c(ascending)), 0x46dd794eu);
}

TEST(Records, WhatWasFramedIsReadBack) {
  const std::string content = framed("first") + framed("") + framed(std::string(70000, 'x'));
  EXPECT_THAT(whole_records(content), ElementsAre("first", "", std::string(70000, 'x')));
  EXPECT_THAT(whole_records(""), IsEmpty());
}

// Killed while it wrote: every cut of the last record leaves the others.
TEST(Records, ATornRecordIsLeftOut) {
  const std::string whole = framed("one") + framed("two");
  const std::string last = framed("three");
  for (std::size_t size = 0; size < last.size(); ++size)
    EXPECT_THAT(whole_records(whole + last.substr(0, size)), ElementsAre("one", "two")) << size;
}

TEST(Records, EveryFlippedBitOfTheSecondIsSeen) {
  const std::string first = framed("one"), second = framed("two");
  for (std::size_t bit = 0; bit < 8 * second.size(); ++bit) {
    std::string damaged = second;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(whole_records(first + damaged + framed("three")), ElementsAre("one")) << bit;
  }
}

}  // namespace records_test
}  // namespace equipoise::tracking
