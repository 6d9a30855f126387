#pragma once

#include <cstdint>
#include <string_view>

namespace equipoise::core {

/// A well-mixed 64-bit value of `a` and `b` (the finaliser of SplitMix64 over both; Steele, Lea, Flood 2014).
/// The same on every machine: splits, bootstraps and initial weights hang on it.
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = a + 0x9e3779b97f4a7c15ULL * (b + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// The seed of one named use of randomness ("split", "initial weights", "dropout", ...), so that no two uses share
/// draws.
constexpr std::uint64_t seed_for(std::uint64_t seed, std::string_view use) {
  std::uint64_t value = seed;
  for (const char letter : use) value = mix(value, static_cast<unsigned char>(letter));
  return value;
}

/// Uniform in [0, 1) from the top 53 bits.
constexpr double uniform(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

}  // namespace equipoise::core
