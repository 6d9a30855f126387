// outcome_stats and outcome_push on the GPU, checked against the CPU.
#include "benchmarks/kernels/gpu_clock.h"
#include "benchmarks/kernels/outcome_rows.h"
#include "kernels/cell_stats/cell_stats.h"

namespace equipoise::kernels {
namespace {

// Arguments: the kind and its count (BenchmarkKind), K, N, C.
OutcomeRows asked_rows(const benchmark::State& state) {
  return make_outcome_rows(static_cast<BenchmarkKind>(state.range(0)), state.range(1), state.range(2), state.range(3),
                           state.range(4));
}

// Predictions and residuals, which may cancel, are about 4 in size: so many rows, that much is added.
bool sums_agree(const at::Tensor& sums, const at::Tensor& expected, std::int64_t cells) {
  const at::Tensor table = expected.view({expected.size(0), cells, -1, 4});
  const at::Tensor size = table.abs() + 4 * table.slice(2, 0, 1).slice(3, kWeight, kWeight + 1);
  return sums.cpu().view(table.sizes()).sub(table).abs().le(3e-6 * size).all().item<bool>();
}

void outcome_stats_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const OutcomeRows rows = asked_rows(state), gpu = on_gpu(rows);
  const std::int64_t cells = state.range(4);
  OutcomeStatsWorkspace workspace =
      make_outcome_stats_workspace(state.range(2), state.range(3), cells, rows.rule, gpu.scores.device());
  const auto run = [&] {
    outcome_stats_out(workspace, gpu.scores, gpu.targets, gpu.cells, cells, std::nullopt, gpu.rule);
  };
  run();
  const at::Tensor expected = outcome_stats(rows.scores, rows.targets, rows.cells, cells, std::nullopt, rows.rule);
  if (!sums_agree(workspace.sums, expected, cells)) return state.SkipWithError("wrong sums");
  time_on_gpu(state, bytes_read(rows), run);
}

void outcome_push_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const OutcomeRows rows = asked_rows(state), gpu = on_gpu(rows);
  at::Tensor expected = at::zeros_like(rows.scores), gradient = expected.cuda();
  const auto run = [](at::Tensor& out, const OutcomeRows& on) {
    outcome_push_out(out, on.scores, on.targets, on.cells, on.loss_price, on.soft_price, std::nullopt, on.rule);
  };
  run(expected, rows);
  run(gradient, gpu);
  if (!gradient.cpu().allclose(expected, 2e-5, 2e-5)) return state.SkipWithError("wrong gradient");
  time_on_gpu(state, bytes_read(rows) + static_cast<double>(rows.scores.nbytes()), [&] { run(gradient, gpu); });
}

BENCHMARK(outcome_stats_benchmark)
    ->Name("cuda/outcome_stats")
    ->ArgNames({"kind", "count", "K", "N", "C"})
    ->Args({0, 4, 1, 1 << 22, 8})
    ->Args({1, 1, 1, 1 << 24, 8})
    ->Args({2, 10, 1, 1 << 22, 8})
    ->Args({0, 4, 1, 4096, 8})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(outcome_push_benchmark)
    ->Name("cuda/outcome_push_out")
    ->ArgNames({"kind", "count", "K", "N", "C"})
    ->Args({0, 4, 1, 1 << 22, 8})
    ->Args({1, 1, 1, 1 << 24, 8})
    ->Args({2, 10, 1, 1 << 22, 8})
    ->Args({0, 4, 1, 4096, 8})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();

}  // namespace
}  // namespace equipoise::kernels
