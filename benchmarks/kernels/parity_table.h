// The rates and constraints that price is timed on.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "kernels/price/price.h"

namespace equipoise::kernels {

// Selection-rate parity of G groups against their average, 2 G constraints; K members.
inline RateTable parity_table(std::int32_t groups) {
  std::vector<std::int32_t> offsets{0}, numerators, denominators, constraint_offsets{0}, rates;
  std::vector<double> signs;
  for (std::int32_t group = 0; group < groups; ++group) {
    for (const std::int32_t cell : {2 * group, 2 * group + 1}) {
      numerators.push_back(cell * 3 + kRatePositives);
      denominators.push_back(cell * 3 + kRateWeight);
    }
    offsets.push_back(static_cast<std::int32_t>(numerators.size()));
    for (const double sign : {1.0, -1.0}) {
      rates.push_back(group);
      signs.push_back(sign);
      constraint_offsets.push_back(static_cast<std::int32_t>(rates.size()));
    }
  }
  const at::Tensor ones = at::ones({static_cast<std::int64_t>(numerators.size())}, at::kDouble);
  return {at::tensor(offsets, at::kInt),
          at::tensor(numerators, at::kInt),
          ones,
          at::tensor(offsets, at::kInt),
          at::tensor(denominators, at::kInt),
          ones,
          at::tensor(constraint_offsets, at::kInt),
          at::tensor(rates, at::kInt),
          at::tensor(signs, at::kDouble)};
}

}  // namespace equipoise::kernels
