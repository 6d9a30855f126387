#include "kernels/price/price.h"

#include <vector>

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

// Selection-rate parity of G groups against their average, 2 G constraints; K members.
RateTable parity_table(std::int32_t groups) {
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

void price_benchmark(benchmark::State& state) {
  const std::int64_t members = state.range(0), groups = state.range(1);
  const RateTable table = parity_table(static_cast<std::int32_t>(groups));
  const at::Tensor sums = at::full({members, 2 * groups, 4}, 2.0, at::kDouble);
  at::Tensor averages = empty_averages(members, 2 * groups, at::kCPU);
  at::Tensor step = at::zeros({1}, at::kLong);
  // Multipliers 3 and 1 on +r and -r, a group's weight 4: soft price (3 - 1) / 4.
  const at::Tensor multipliers = at::tensor({3.0, 1.0}).repeat({members, groups});
  const at::Tensor prices = price(sums, averages, step, multipliers, table, 0.9);
  if (!prices.select(1, 1).allclose(at::full({members, 2 * groups}, 0.5))) {
    state.SkipWithError("wrong prices");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(price(sums, averages, step, multipliers, table, 0.9));
  report_bytes(state, static_cast<double>(members * 2 * groups * (4 * 8 * 3 + 2 * 4)));
}

BENCHMARK(price_benchmark)
    ->Name("price")
    ->ArgNames({"K", "G"})
    ->Args({1, 4})
    ->Args({64, 4})
    ->Args({64, 128})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
