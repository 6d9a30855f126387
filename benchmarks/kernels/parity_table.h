// The rates and constraints that price and judge are timed on.
#pragma once

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/judge/judge.h"
#include "kernels/price/price.h"

namespace equipoise::kernels {

// What they are timed at.
inline void members_and_groups(benchmark::internal::Benchmark* cases) {
  cases->ArgNames({"K", "G"})->Args({1, 4})->Args({64, 4})->Args({64, 128})->Unit(benchmark::kMicrosecond);
}

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

// What judge needs beside it: one band over all groups, and each constraint's side of it.
inline BandTable parity_band(std::int32_t groups) {
  return {at::tensor({0, groups}, at::kInt), at::arange(groups, at::kInt), at::zeros({2 * groups}, at::kInt),
          at::tensor({-1.0, 1.0}, at::kDouble).repeat({groups})};
}

// Sums of a whole split [K, 2 G, 4] in which group g of G selects a share of g / G of its rows.
inline at::Tensor parity_sums(std::int64_t members, std::int64_t groups) {
  at::Tensor sums = at::full({members, 2 * groups, 4}, 2.0, at::kDouble);
  sums.select(2, 3).copy_(
      at::arange(2 * groups).floor_divide(2).to(at::kDouble).mul(2.0 / static_cast<double>(groups)));
  return sums;
}

// How far the last group is above the middle of the band on parity_sums: half of what lies between it and the first,
// which selects nobody.
inline double last_group_above(std::int64_t groups) {
  return static_cast<double>(groups - 1) / static_cast<double>(2 * groups);
}

// Sums, rates and, for each of two constraints a group, bound, multiplier read and written, violation.
inline double judge_bytes(std::int64_t members, std::int64_t groups) {
  return static_cast<double>(members * groups * (2 * 4 * 8 + 8 + 2 * 4 * 8));
}

}  // namespace equipoise::kernels
