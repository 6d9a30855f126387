// The row of one slot.
#pragma once

#include "kernels/device/philox.h"

namespace equipoise::kernels {

// The last word of the counter says what the words are for, so that no two uses share random numbers.
constexpr std::uint32_t kShuffleStream = 0x53485546u;
constexpr std::uint32_t kUniformStream = 0x554e4946u;
constexpr std::uint32_t kCellStream = 0x43454c4cu;
constexpr std::uint32_t kCellStartStream = 0x43454c53u;

constexpr std::uint64_t kWhole = std::uint64_t{1} << 32;  // all shares together

constexpr int kFeistelRounds = 8;

// A keyed permutation of [0, population): a Feistel network on the next even power of two, walked until it lands
// inside.
struct Permutation {
  std::uint32_t round_key[kFeistelRounds];
  std::uint64_t population;
  std::uint32_t half_bits;
};

EQUIPOISE_HOST_DEVICE Permutation make_permutation(std::uint64_t population, std::uint64_t seed, std::uint64_t epoch) {
  Permutation permutation;
  permutation.population = population;
  std::uint32_t bits = 0;
  while (bits < 62 && (std::uint64_t{1} << bits) < population) ++bits;
  permutation.half_bits = bits < 2 ? 1 : (bits + 1) / 2;
  for (std::uint32_t quarter = 0; quarter < 2; ++quarter) {
    const PhiloxCounter counter = {
        {static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(epoch >> 32), quarter, kShuffleStream}};
    const PhiloxCounter words = philox(counter, philox_key(seed));
    for (int i = 0; i < 4; ++i) permutation.round_key[quarter * 4 + i] = words.word[i];
  }
  return permutation;
}

// The finaliser of MurmurHash3 on a keyed word: every bit of the input reaches every bit of the output.
EQUIPOISE_HOST_DEVICE std::uint32_t mixed(std::uint32_t word, std::uint32_t key) {
  std::uint32_t x = word * 0x9E3779B1u + key;
  x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
  x = (x ^ (x >> 13)) * 0xC2B2AE35u;
  return x ^ (x >> 16);
}

EQUIPOISE_HOST_DEVICE std::uint64_t permuted(const Permutation& permutation, std::uint64_t position) {
  const std::uint32_t half_bits = permutation.half_bits;
  const std::uint32_t mask = static_cast<std::uint32_t>((std::uint64_t{1} << half_bits) - 1);
  std::uint64_t value = position;
  do {
    std::uint32_t left = static_cast<std::uint32_t>(value >> half_bits) & mask;
    std::uint32_t right = static_cast<std::uint32_t>(value) & mask;
    for (int round = 0; round < kFeistelRounds; ++round) {
      const std::uint32_t next = left ^ (mixed(right, permutation.round_key[round]) & mask);
      left = right;
      right = next;
    }
    value = (static_cast<std::uint64_t>(left) << half_bits) | right;
  } while (value >= permutation.population);
  return value;
}

EQUIPOISE_HOST_DEVICE std::uint64_t uniform_row(std::uint64_t population, std::uint64_t seed, std::uint64_t step,
                                                std::uint64_t slot) {
  const PhiloxCounter counter = {{static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32),
                                  static_cast<std::uint32_t>(slot),
                                  kUniformStream ^ static_cast<std::uint32_t>(slot >> 32)}};
  const PhiloxCounter words = philox(counter, philox_key(seed));
  return scale_to_bound((static_cast<std::uint64_t>(words.word[1]) << 32) | words.word[0], population);
}

// Slots are spread evenly over the shares, from a random start for each step.
EQUIPOISE_HOST_DEVICE std::uint32_t start_of_step(std::uint64_t seed, std::uint64_t step) {
  const PhiloxCounter counter = {
      {static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32), 0, kCellStartStream}};
  return philox(counter, philox_key(seed)).word[0];
}

EQUIPOISE_HOST_DEVICE std::uint64_t position_of_slot(std::uint64_t batch, std::uint32_t start, std::uint64_t slot) {
  return (slot * kWhole / batch + start) % kWhole;
}

// The first cell whose limit is above the position.
EQUIPOISE_HOST_DEVICE std::int64_t cell_of_position(const std::int64_t* limits, std::int64_t cells,
                                                    std::uint64_t position) {
  std::int64_t low = 0, high = cells - 1;
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (static_cast<std::uint64_t>(limits[middle]) > position)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

// A place in [0, rows) for a slot.
EQUIPOISE_HOST_DEVICE std::uint64_t place_in_cell(std::uint64_t rows, std::uint64_t seed, std::uint64_t step,
                                                  std::uint64_t slot) {
  const PhiloxCounter counter = {{static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32),
                                  static_cast<std::uint32_t>(slot),
                                  kCellStream ^ static_cast<std::uint32_t>(slot >> 32)}};
  const PhiloxCounter words = philox(counter, philox_key(seed));
  return scale_to_bound((static_cast<std::uint64_t>(words.word[1]) << 32) | words.word[0], rows);
}

}  // namespace equipoise::kernels
