// The encoded rows that gather is timed on, and their batch's sums to check it by.
#pragma once

#include <ATen/ATen.h>

#include "kernels/gather/gather.h"

namespace equipoise::kernels {

struct CensusRows {
  at::Tensor codes;   // [N, 12]
  at::Tensor values;  // [N, 12], all 1
  at::Tensor layout;  // [12, 3]
  at::Tensor rows;    // [B]
  std::int64_t width = 0;
};

// 12 features of 100 components, as a census table has: 6 ramps of 8 bins, 5 picks of 9, a plain number.
inline CensusRows census_rows(std::int64_t count, std::int64_t batch) {
  at::manual_seed(1);
  CensusRows result{at::zeros({count, 12}, at::kShort), at::ones({count, 12}), at::zeros({12, 3}, at::kInt),
                    at::randint(count, {batch}), 0};
  for (std::int64_t feature = 0; feature < 12; ++feature) {
    const std::int64_t own_width = feature < 11 ? 9 : 1;
    result.layout[feature][0] = feature < 6 ? kRamp : kPick;
    result.layout[feature][1] = result.width;
    result.layout[feature][2] = own_width;
    result.codes.select(1, feature).copy_(at::randint(own_width, {count}));
    result.width += own_width;
  }
  return result;
}

// With all values 1, a ramp of code j < T adds j + 1 components, the missing one adds 1, a pick adds 1.
inline bool batch_is_right(const at::Tensor& batch, const at::Tensor& codes, const at::Tensor& rows) {
  const at::Tensor ramps = codes.index_select(0, rows).to(at::kLong).slice(1, 0, 6);
  const at::Tensor expected = at::where(ramps.eq(8), at::ones_like(ramps), ramps + 1).sum(1) + 6;
  return batch.sum(1).to(at::kLong).equal(expected);
}

}  // namespace equipoise::kernels
