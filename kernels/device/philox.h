// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): random words as a pure function
// of a counter and a key, the same integers on host and device.
#pragma once

#include "kernels/device/host_device.h"

namespace equipoise::kernels {

struct PhiloxCounter {
  std::uint32_t word[4];
};

struct PhiloxKey {
  std::uint32_t word[2];
};

EQUIPOISE_HOST_DEVICE PhiloxCounter philox(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * counter.word[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * counter.word[2];
    const PhiloxCounter next = {{static_cast<std::uint32_t>(product1 >> 32) ^ counter.word[1] ^ key.word[0],
                                 static_cast<std::uint32_t>(product1),
                                 static_cast<std::uint32_t>(product0 >> 32) ^ counter.word[3] ^ key.word[1],
                                 static_cast<std::uint32_t>(product0)}};
    counter = next;
    key.word[0] += 0x9E3779B9u;
    key.word[1] += 0xBB67AE85u;
  }
  return counter;
}

EQUIPOISE_HOST_DEVICE PhiloxKey philox_key(std::uint64_t seed) {
  return {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
}

// The random words of a slot in a step. `stream` says what they are for, so that no two uses share any. Several draws of one slot differ by
// `part`, which lies over the step's upper half: they are apart while steps are below 2^32.
EQUIPOISE_HOST_DEVICE PhiloxCounter words_at(std::uint64_t seed, std::uint64_t step, std::uint64_t slot,
                                             std::uint32_t stream, std::uint32_t part = 0) {
  return philox({{static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32) ^ part,
                  static_cast<std::uint32_t>(slot), stream ^ static_cast<std::uint32_t>(slot >> 32)}},
                philox_key(seed));
}

// floor(random * bound / 2^64): uniform over [0, bound) up to a bias of bound / 2^64.
EQUIPOISE_HOST_DEVICE std::uint64_t scale_to_bound(std::uint64_t random, std::uint64_t bound) {
#ifdef __CUDA_ARCH__
  return __umul64hi(random, bound);
#else
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(random) * bound) >> 64);
#endif
}

// The same of one word: uniform over [0, bound) up to a bias of bound / 2^32.
EQUIPOISE_HOST_DEVICE std::int64_t below(std::uint32_t word, std::int64_t bound) {
  return static_cast<std::int64_t>(
      scale_to_bound(static_cast<std::uint64_t>(word) << 32, static_cast<std::uint64_t>(bound)));
}

}  // namespace equipoise::kernels
