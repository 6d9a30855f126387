#include "kernels/gather/gather.h"

#include "benchmarks/kernels/bandwidth.h"
#include "benchmarks/kernels/census_rows.h"

namespace equipoise::kernels {
namespace {

void gather_benchmark(benchmark::State& state) {
  const auto [codes, values, layout, rows, width] = census_rows(100'000, state.range(0));
  const at::Tensor batch = gather(codes, values, layout, rows, width);
  if (!batch_is_right(batch, codes, rows)) {
    state.SkipWithError("wrong batch");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(gather(codes, values, layout, rows, width));
  report_bytes(state, static_cast<double>(state.range(0) * (12 * 6 + width * 4)));
}

BENCHMARK(gather_benchmark)->Name("gather")->Arg(4096)->Arg(65536)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
