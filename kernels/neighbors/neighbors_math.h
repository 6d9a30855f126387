// The distance of two rows, the same bits on host and device; how near ones are kept in order on a device; and when float distances are
// enough to tell who is near.
#pragma once

#include "kernels/device/elementary.h"
#include "kernels/device/product_plus.h"

namespace equipoise::kernels {

// The square of the distance of two rows [D], in the order of coordinates.
EQUIPOISE_HOST_DEVICE double square_distance(const float* a, const float* b, std::int64_t dimensions) {
  double sum = 0;
  for (std::int64_t d = 0; d < dimensions; ++d) {
    const double apart = static_cast<double>(a[d]) - static_cast<double>(b[d]);
    sum = product_plus(apart, apart, sum);
  }
  return sum;
}

// A distance of 0 or more and a place as one number: the order of keys is that of distances, and of places where these are equal.
using NearKey = std::uint64_t;
constexpr NearKey kNobody = NearKey{0x7f800000u} << 32;  // infinitely far: what is not finite is no nearer

EQUIPOISE_HOST_DEVICE NearKey near_key(float distance, std::int32_t place) {
  return NearKey{float_to_bits(distance)} << 32 | static_cast<std::uint32_t>(place);
}
EQUIPOISE_HOST_DEVICE float distance_of(NearKey key) {
  return bits_to_float(static_cast<std::uint32_t>(key >> 32));
}
EQUIPOISE_HOST_DEVICE std::int32_t place_of(NearKey key) {
  return static_cast<std::int32_t>(key & 0xffffffffu);
}

// The same of an exact distance.
struct ExactKey {
  double distance;
  std::int32_t place;
};
EQUIPOISE_HOST_DEVICE bool operator<(const ExactKey& a, const ExactKey& b) {
  return a.distance < b.distance || (a.distance == b.distance && a.place < b.place);
}

// What stands at a place of an ascending list once `key`, which is not in it, has been put where it belongs: `own` stood there and `before`
// at the place below, of which `is_first` says that there is none.
template <typename Key>
EQUIPOISE_HOST_DEVICE Key once_inserted(const Key& own, const Key& before, bool is_first, const Key& key) {
  if (own < key) return own;
  return is_first || before < key ? key : before;
}

// The largest size of a coordinate: squares of a million of them stay finite.
constexpr float kLargestCoordinate = 1e15f;

EQUIPOISE_HOST_DEVICE bool is_measurable(float coordinate) {
  return coordinate >= -kLargestCoordinate && coordinate <= kLargestCoordinate;
}

constexpr std::int64_t kMostTrustedDimensions = 1 << 20;

// The least that the square of a distance can be which was found as `found` = |a|^2 + |b|^2 - 2 a.b in floats, a and b measured from a
// point near both and |a|^2 = `norm`. With u = 2^-24, the norms are off by D u (|a|^2 + |b|^2) at most, the product of rows as much, twice
// half of it, and the differences from that point, the sum and its two roundings by 7 u of that: (2 D + 7) u (|a|^2 + |b|^2) in all, which
// is taken as (2 D + 32) 1.25 u for what is of second order. Of b it is only known that |b|^2 <= 2 |a|^2 + 2 |a - b|^2.
EQUIPOISE_HOST_DEVICE double least_square_distance(double found, double norm, std::int64_t dimensions) {
  const auto size = static_cast<double>(dimensions);
  const double error = (2 * size + 32) * (1.25 * 0x1p-24), lost = size * 0x1p-126;
  return (found - 3 * error * norm) / (1 + 2 * error) * (1 - 1e-12) - lost;
}

}  // namespace equipoise::kernels
