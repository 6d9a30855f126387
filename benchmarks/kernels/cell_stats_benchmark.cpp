#include "kernels/cell_stats/cell_stats.h"

#include "benchmarks/kernels/bandwidth.h"
#include "benchmarks/kernels/rows.h"

namespace equipoise::kernels {
namespace {

bool answer_is_right(const BenchmarkRows& rows, const at::Tensor& sums) {
  const auto [loss, soft] = tensor_terms(rows);
  const at::Tensor cells = rows.cells.to(at::kLong);
  at::Tensor expected = at::zeros({rows.cell_labels.size(0)}, at::kDouble);
  const at::Tensor expected_loss = expected.index_add(0, cells, loss[0]);
  const at::Tensor expected_soft = expected.index_add(0, cells, soft[0]);
  return sums[0].select(1, kLoss).allclose(expected_loss, 1e-6) &&
         sums[0].select(1, kSoftPositives).allclose(expected_soft, 1e-6);
}

// Arguments: K, N, C, whether the logits are bf16.
void cell_stats_benchmark(benchmark::State& state) {
  const at::ScalarType type = state.range(3) != 0 ? at::kBFloat16 : at::kFloat;
  const BenchmarkRows rows = make_rows(state.range(0), state.range(1), state.range(2), type);
  if (!answer_is_right(rows, cell_stats(rows.logits, rows.cells, rows.cell_labels, std::nullopt, 0.0, 1.0))) {
    state.SkipWithError("wrong sums");
    return;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(cell_stats(rows.logits, rows.cells, rows.cell_labels, std::nullopt, 0.0, 1.0));
  }
  report_bytes(state, static_cast<double>(rows.logits.nbytes() + rows.cells.nbytes()));
}

BENCHMARK(cell_stats_benchmark)
    ->Name("cell_stats")
    ->ArgNames({"K", "N", "C", "bf16"})
    ->Args({1, 1 << 24, 2, 0})
    ->Args({1, 1 << 24, 8, 0})
    ->Args({1, 1 << 24, 8, 1})
    ->Args({1, 1 << 24, 16, 0})
    ->Args({1, 1 << 24, 256, 0})
    ->Args({1, 1 << 22, 4096, 0})
    ->Args({1, 4096, 8, 0})
    ->Args({64, 4096, 8, 0})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
