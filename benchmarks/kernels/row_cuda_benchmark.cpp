// cell_stats and push on the GPU, checked against the CPU.
#include "benchmarks/kernels/gpu_clock.h"
#include "benchmarks/kernels/rows.h"
#include "kernels/cell_stats/cell_stats.h"
#include "kernels/push/push.h"

namespace equipoise::kernels {
namespace {

// Arguments: K, N, C, whether the logits are bf16, whether nine rows of ten are in one cell.
BenchmarkRows asked_rows(const benchmark::State& state) {
  const at::ScalarType type = state.range(3) != 0 ? at::kBFloat16 : at::kFloat;
  BenchmarkRows rows = make_rows(state.range(0), state.range(1), state.range(2), type);
  if (state.range(4) != 0) rows.cells.masked_fill_(at::rand(rows.cells.sizes()) < 0.9, state.range(2) / 2);
  return rows;
}

BenchmarkRows on_gpu(const BenchmarkRows& rows) {
  return {rows.logits.cuda(), rows.cells.cuda(), rows.cell_labels.cuda(), rows.loss_price.cuda(),
          rows.soft_price.cuda()};
}

at::Tensor measure(const BenchmarkRows& rows) {
  return cell_stats(rows.logits, rows.cells, rows.cell_labels, std::nullopt, 0.0, 1.0);
}

void cell_stats_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const BenchmarkRows rows = asked_rows(state), gpu = on_gpu(rows);
  if (!measure(gpu).cpu().allclose(measure(rows), 1e-5)) return state.SkipWithError("wrong sums");
  CellStatsWorkspace workspace =
      make_cell_stats_workspace(state.range(0), state.range(1), state.range(2), gpu.logits.device());
  time_on_gpu(state, static_cast<double>(rows.logits.nbytes() + rows.cells.nbytes()),
              [&] { cell_stats_out(workspace, gpu.logits, gpu.cells, gpu.cell_labels, std::nullopt, 0.0, 1.0); });
}

void push_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const BenchmarkRows rows = asked_rows(state), gpu = on_gpu(rows);
  at::Tensor expected = at::zeros_like(rows.logits), gradient = expected.cuda();
  const auto run = [](at::Tensor& out, const BenchmarkRows& on) {
    push_out(out, on.logits, on.cells, on.cell_labels, on.loss_price, on.soft_price, std::nullopt, 0.0, 1.0);
  };
  run(expected, rows);
  run(gradient, gpu);
  const double bound = rows.logits.scalar_type() == at::kFloat ? 2e-6 : 8e-3;
  if (!gradient.cpu().allclose(expected, bound, bound)) return state.SkipWithError("wrong gradient");
  time_on_gpu(state, static_cast<double>(2 * rows.logits.nbytes() + rows.cells.nbytes()), [&] { run(gradient, gpu); });
}

BENCHMARK(cell_stats_benchmark)
    ->Name("cuda/cell_stats")
    ->ArgNames({"K", "N", "C", "bf16", "skewed"})
    ->Args({1, 1 << 24, 2, 0, 0})
    ->Args({1, 1 << 24, 8, 0, 0})
    ->Args({1, 1 << 24, 8, 1, 0})
    ->Args({1, 1 << 24, 8, 0, 1})
    ->Args({1, 1 << 24, 64, 0, 0})
    ->Args({1, 1 << 24, 256, 0, 0})
    ->Args({1, 1 << 24, 256, 0, 1})
    ->Args({1, 1 << 22, 4096, 0, 0})
    ->Args({1, 4096, 8, 0, 0})
    ->Args({64, 4096, 8, 0, 0})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(push_benchmark)
    ->Name("cuda/push_out")
    ->ArgNames({"K", "N", "C", "bf16", "skewed"})
    ->Args({1, 1 << 24, 2, 0, 0})
    ->Args({1, 1 << 24, 8, 0, 0})
    ->Args({1, 1 << 24, 8, 1, 0})
    ->Args({1, 1 << 24, 8, 0, 1})
    ->Args({1, 1 << 24, 256, 0, 0})
    ->Args({1, 1 << 24, 256, 0, 1})
    ->Args({1, 4096, 8, 0, 0})
    ->Args({64, 4096, 8, 0, 0})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();

}  // namespace
}  // namespace equipoise::kernels
