#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/parallel.h"

namespace equipoise::evaluation {

/// Sums over rows by fixed strips on all threads, joined in the order of the rows: the same bits for any number of
/// threads. `add(sums, row)` adds one row; `join(sums, later)` adds the sums of the rows after.
template <typename Sums, typename Add, typename Join>
Sums sum_rows(std::size_t rows, const Sums& zero, const Add& add, const Join& join) {
  constexpr std::size_t kStripRows = 1 << 16;
  const std::size_t strips = (rows + kStripRows - 1) / kStripRows;
  std::vector<Sums> partials(std::max<std::size_t>(strips, 1), zero);
  kernels::each_task(static_cast<std::int64_t>(strips), [&](std::int64_t strip) {
    const std::size_t begin = static_cast<std::size_t>(strip) * kStripRows;
    Sums sums = std::move(partials[strip]);  // of this thread alone while it grows
    for (std::size_t row = begin; row < std::min(rows, begin + kStripRows); ++row) add(sums, row);
    partials[strip] = std::move(sums);
  });
  for (std::size_t strip = 1; strip < strips; ++strip) join(partials.front(), partials[strip]);
  return std::move(partials.front());
}

}  // namespace equipoise::evaluation
