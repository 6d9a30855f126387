#include "kernels/not_finite/not_finite.h"

#include <limits>

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

void not_finite_benchmark(benchmark::State& state) {
  const std::int64_t members = state.range(0), rows = (1 << 24) / members;
  at::Tensor logits = at::randn({members, rows});
  logits[members - 1][rows - 1] = std::numeric_limits<float>::quiet_NaN();
  if (not_finite(logits)[members - 1].item<std::int64_t>() != rows - 1) {
    state.SkipWithError("wrong row");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(not_finite(logits));
  report_bytes(state, static_cast<double>(members * rows) * 4);
}

BENCHMARK(not_finite_benchmark)->Name("not_finite")->Arg(1)->Arg(64)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
