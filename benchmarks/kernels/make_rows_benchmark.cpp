// Rows made up on the way into a batch, beside the copy of as many bytes.
#include "benchmarks/kernels/bandwidth.h"
#include "benchmarks/kernels/rows_to_make.h"

namespace equipoise::kernels {
namespace {

void make_rows_benchmark(benchmark::State& state) {
  const MakingRows rows = some_rows();
  const std::int64_t batch = 4096, kind = state.range(0);
  const MakingRecipes recipes = all_by(kind);
  const at::Tensor sources = at::randint(kRowsToMake, {batch}, at::kLong);
  at::Tensor step = at::zeros({1}, at::kLong);
  MadeRows made = empty_made_rows(batch, rows.codes);
  make_rows_out(made, sources, rows, recipes, 3, step);
  if (!made.recipes.eq(0).all().item<bool>() || (kind == kSmote && !are_between(made, sources, rows))) {
    state.SkipWithError("not made as they should be");
    return;
  }
  for (auto _ : state) {
    make_rows_out(made, sources, rows, recipes, 3, step);
    step.add_(1);
  }
  report_bytes(state, static_cast<double>(2 * (made.codes.nbytes() + made.values.nbytes())));
}

BENCHMARK(make_rows_benchmark)
    ->Name("make_rows")
    ->ArgName("kind")
    ->Arg(kSmote)
    ->Arg(kJitter)
    ->Arg(kCorrupt)
    ->Arg(kSwap)
    ->Arg(kCopula)
    ->Arg(kMixup)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
