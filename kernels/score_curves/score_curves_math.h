// Where one row counts, and what the counts become: host and device.
#pragma once

#include "kernels/device/host_device.h"

namespace equipoise::kernels {

// An integer that orders as the number does; -0 and 0 are one score.
EQUIPOISE_HOST_DEVICE std::uint64_t ordered_key(double score) {
  const double zeroed = score == 0 ? 0.0 : score;
  std::uint64_t bits;
  __builtin_memcpy(&bits, &zeroed, sizeof(bits));
  return bits >> 63 != 0 ? ~bits : bits | (std::uint64_t{1} << 63);
}

EQUIPOISE_HOST_DEVICE std::uint32_t ordered_key(float score) {
  const float zeroed = score == 0 ? 0.0f : score;
  std::uint32_t bits;
  __builtin_memcpy(&bits, &zeroed, sizeof(bits));
  return bits >> 31 != 0 ? ~bits : bits | (std::uint32_t{1} << 31);
}

// Twice the weight of the pairs won, over all pairs. `Sum` is an integer without weights.
template <typename Sum>
EQUIPOISE_HOST_DEVICE double area_of(Sum twice_won, Sum positives, Sum negatives) {
  const double pairs = static_cast<double>(positives) * static_cast<double>(negatives);
  return pairs > 0 ? static_cast<double>(twice_won) / 2 / pairs : __builtin_nan("");
}

// How many of the ascending thresholds the score is above.
EQUIPOISE_HOST_DEVICE std::int32_t thresholds_below(const double* thresholds, std::int64_t count, double score) {
  std::int64_t first = 0;
  while (count > 0) {
    const std::int64_t half = count / 2;
    const bool above = thresholds[first + half] < score;
    first = above ? first + half + 1 : first;
    count = above ? count - half - 1 : half;
  }
  return static_cast<std::int32_t>(first);
}

// Bin of a score over [low, low + bins / bins_per_unit].
EQUIPOISE_HOST_DEVICE std::int32_t score_bin(double score, double low, double bins_per_unit, std::int64_t bins) {
  const double place = (score - low) * bins_per_unit;
  if (!(place > 0)) return 0;
  const double last = static_cast<double>(bins - 1);
  return static_cast<std::int32_t>(place < last ? place : last);
}

// From the weights of rows above exactly k thresholds [slots, 2, T + 1] to those above each, in place of one slot and
// label: column 0 all rows, column k + 1 those above threshold k.
EQUIPOISE_HOST_DEVICE void sum_above(const double* exactly, std::int64_t thresholds, double* above) {
  double sum = 0.0;
  for (std::int64_t k = thresholds; k >= 1; --k) {
    sum += exactly[k];
    above[k] = sum;
  }
  above[0] = sum + exactly[0];
}

// Rows of no group are in slot G until everyone is summed into it.
EQUIPOISE_HOST_DEVICE double sum_everyone(const double* column, std::int64_t group_count, std::int64_t stride) {
  double sum = column[group_count * stride];
  for (std::int64_t group = 0; group < group_count; ++group) sum += column[group * stride];
  return sum;
}

}  // namespace equipoise::kernels
