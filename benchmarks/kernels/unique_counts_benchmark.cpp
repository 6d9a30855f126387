#include "kernels/unique_counts/unique_counts.h"

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

void unique_counts_benchmark(benchmark::State& state) {
  at::manual_seed(1);
  const at::Tensor values = at::randint(state.range(1), {state.range(0)}, at::kInt);
  const UniqueCounts unique = unique_counts(values);
  if (unique.counts.sum().item<std::int64_t>() != values.size(0) ||
      !unique.values.equal(std::get<0>(at::_unique(values)))) {
    state.SkipWithError("wrong counts");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(unique_counts(values).counts);
  report_bytes(state, static_cast<double>(values.nbytes()));
}

BENCHMARK(unique_counts_benchmark)
    ->Name("unique_counts")
    ->Args({1 << 20, 8})
    ->Args({1 << 20, 4096})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
