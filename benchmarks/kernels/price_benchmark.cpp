#include "kernels/price/price.h"

#include "benchmarks/kernels/bandwidth.h"
#include "benchmarks/kernels/parity_table.h"

namespace equipoise::kernels {
namespace {

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

BENCHMARK(price_benchmark)->Name("price")->Apply(members_and_groups)->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
