// Rows cut into strips that are summed on their own, and the strips' sums put together in their order.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

// How many strips of `least_rows` or more, for a table of so many rows of 4 doubles: by these sizes alone, so that the
// order of the sums hangs neither on the machine nor on the size of the bank.
inline std::int64_t strips_of(std::int64_t rows, std::int64_t table_rows, std::int64_t least_rows) {
  constexpr std::int64_t kMostStrips = 256;       // enough for the cores of one machine
  constexpr std::int64_t kMostScratch = 500'000;  // doubles in partials, a member
  const std::int64_t by_rows = rows / least_rows;
  const std::int64_t by_scratch = kMostScratch / (table_rows * 4);
  std::int64_t strips = by_rows < kMostStrips ? by_rows : kMostStrips;
  strips = by_scratch < strips ? by_scratch : strips;
  return strips > 1 ? strips : 1;
}

// sums [size] = the partials [strips, size] added in the order of the strips.
inline void add_strips(const double* partials, std::int64_t strips, std::int64_t size, double* sums) {
  for (std::int64_t i = 0; i < size; ++i) sums[i] = 0.0;
  for (std::int64_t strip = 0; strip < strips; ++strip) {
    const double* partial = partials + strip * size;
    for (std::int64_t i = 0; i < size; ++i) sums[i] += partial[i];
  }
}

}  // namespace equipoise::kernels
