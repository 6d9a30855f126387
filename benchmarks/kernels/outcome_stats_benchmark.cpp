#include "kernels/outcome_stats/outcome_stats.h"

#include "benchmarks/kernels/bandwidth.h"
#include "benchmarks/kernels/outcome_rows.h"
#include "kernels/cell_stats/cell_stats.h"

namespace equipoise::kernels {
namespace {

bool answer_is_right(const OutcomeRows& rows, std::int64_t cells, const at::Tensor& sums) {
  const auto [loss, soft] = tensor_outcomes(rows, rows.scores[0].to(at::kDouble));
  const at::Tensor index = rows.cells.to(at::kLong), table = sums[0].view({cells, -1, 4});
  const at::Tensor expected_loss = at::zeros({cells}, at::kDouble).index_add(0, index, loss);
  const at::Tensor expected_soft = at::zeros({cells, soft.size(1)}, at::kDouble).index_add(0, index, soft);
  const at::Tensor size = at::zeros({cells, soft.size(1)}, at::kDouble).index_add(0, index, soft.abs());
  return table.select(1, 0).select(1, kLoss).allclose(expected_loss, 1e-6) &&
         table.select(2, kSoftPositives).sub(expected_soft).abs().le(1e-6 * (1 + size)).all().item<bool>();
}

// Arguments: the kind and its count (BenchmarkKind), K, N, C.
void outcome_stats_benchmark(benchmark::State& state) {
  const auto kind = static_cast<BenchmarkKind>(state.range(0));
  const std::int64_t members = state.range(2), row_count = state.range(3), cells = state.range(4);
  const OutcomeRows rows = make_outcome_rows(kind, state.range(1), members, row_count, cells);
  OutcomeStatsWorkspace workspace = make_outcome_stats_workspace(members, row_count, cells, rows.rule, at::kCPU);
  const auto run = [&] {
    outcome_stats_out(workspace, rows.scores, rows.targets, rows.cells, cells, std::nullopt, rows.rule);
  };
  run();
  if (!answer_is_right(rows, cells, workspace.sums)) return state.SkipWithError("wrong sums");
  for (auto _ : state) run();
  report_bytes(state, bytes_read(rows));
}

BENCHMARK(outcome_stats_benchmark)
    ->Name("outcome_stats")
    ->ArgNames({"kind", "count", "K", "N", "C"})
    ->Args({0, 2, 1, 1 << 20, 8})
    ->Args({0, 4, 1, 1 << 20, 8})
    ->Args({0, 64, 1, 1 << 16, 8})
    ->Args({0, 4, 64, 4096, 8})
    ->Args({1, 1, 1, 1 << 20, 8})
    ->Args({1, 32, 1, 1 << 18, 8})
    ->Args({2, 10, 1, 1 << 20, 8})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
