#include "kernels/judge/judge.h"

#include "benchmarks/kernels/bandwidth.h"
#include "benchmarks/kernels/parity_table.h"

namespace equipoise::kernels {
namespace {

void judge_benchmark(benchmark::State& state) {
  const std::int64_t members = state.range(0), groups = state.range(1);
  const RateTable table = parity_table(static_cast<std::int32_t>(groups));
  const BandTable band = parity_band(static_cast<std::int32_t>(groups));
  const at::Tensor sums = parity_sums(members, groups);
  const at::Tensor bounds = at::zeros({members, 2 * groups}, at::kDouble);
  const at::Tensor scale = at::ones({members}, at::kDouble), moves = at::ones({members}, at::kByte);
  MultiplierState multipliers = zero_multiplier_state(members, 2 * groups, at::kCPU);
  const auto run = [&] { return judge(sums, table, band, bounds, scale, moves, multipliers, {}).second; };
  if (!run().select(1, 2 * groups - 2).allclose(at::full({members}, last_group_above(groups), at::kDouble))) {
    state.SkipWithError("wrong violations");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(run());
  report_bytes(state, judge_bytes(members, groups));
}

BENCHMARK(judge_benchmark)->Name("judge")->Apply(members_and_groups)->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
