#include "kernels/gather/gather.h"

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

// 12 features of 100 components, as a census table has: 6 ramps of 8 bins, 5 picks of 9, a plain number. N = 100 000.
void gather_benchmark(benchmark::State& state) {
  constexpr std::int64_t kRows = 100'000;
  at::manual_seed(1);
  at::Tensor layout = at::zeros({12, 3}, at::kInt);
  at::Tensor codes = at::zeros({kRows, 12}, at::kShort);
  std::int64_t width = 0;
  for (std::int64_t feature = 0; feature < 12; ++feature) {
    const std::int64_t own_width = feature < 11 ? 9 : 1;
    layout[feature][0] = feature < 6 ? kRamp : kPick;
    layout[feature][1] = width;
    layout[feature][2] = own_width;
    codes.select(1, feature).copy_(at::randint(own_width, {kRows}));
    width += own_width;
  }
  const at::Tensor values = at::ones({kRows, 12});
  const at::Tensor rows = at::randint(kRows, {state.range(0)});
  const at::Tensor batch = gather(codes, values, layout, rows, width);
  // With all values 1, a ramp of code j < T adds j + 1 components, the missing one adds 1, a pick adds 1.
  const at::Tensor picked = codes.index_select(0, rows).to(at::kLong);
  const at::Tensor ramps = picked.slice(1, 0, 6);
  const at::Tensor expected = at::where(ramps.eq(8), at::ones_like(ramps), ramps + 1).sum(1) + 6;
  if (!batch.sum(1).to(at::kLong).equal(expected)) {
    state.SkipWithError("wrong batch");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(gather(codes, values, layout, rows, width));
  report_bytes(state, static_cast<double>(state.range(0) * (12 * 6 + width * 4)));
}

BENCHMARK(gather_benchmark)->Name("gather")->Arg(4096)->Arg(65536)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
