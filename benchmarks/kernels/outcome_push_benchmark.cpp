#include "kernels/outcome_push/outcome_push.h"

#include "benchmarks/kernels/bandwidth.h"
#include "benchmarks/kernels/outcome_rows.h"

namespace equipoise::kernels {
namespace {

// By PyTorch's own derivative of the same formula.
bool answer_is_right(const OutcomeRows& rows, std::int64_t cells, const at::Tensor& gradient) {
  at::Tensor scores = rows.scores[0].to(at::kDouble).requires_grad_();
  const auto [loss, soft] = tensor_outcomes(rows, scores);
  const at::Tensor index = rows.cells.to(at::kLong);
  const at::Tensor loss_price = rows.loss_price[0].view({cells, -1}).select(1, 0).index_select(0, index);
  const at::Tensor soft_price = rows.soft_price[0].view({cells, -1}).index_select(0, index);
  (loss_price * loss + (soft_price * soft).sum(1)).sum().backward();
  return gradient[0].to(at::kDouble).allclose(scores.grad(), 1e-5, 1e-5);
}

// Arguments: the kind and its count (BenchmarkKind), K, N, C.
void outcome_push_benchmark(benchmark::State& state) {
  const auto kind = static_cast<BenchmarkKind>(state.range(0));
  const std::int64_t members = state.range(2), row_count = state.range(3), cells = state.range(4);
  const OutcomeRows rows = make_outcome_rows(kind, state.range(1), members, row_count, cells);
  at::Tensor gradient = at::zeros_like(rows.scores);
  const auto run = [&] {
    outcome_push_out(gradient, rows.scores, rows.targets, rows.cells, rows.loss_price, rows.soft_price, std::nullopt,
                     rows.rule);
  };
  run();
  if (!answer_is_right(rows, cells, gradient)) return state.SkipWithError("wrong gradient");
  for (auto _ : state) run();
  report_bytes(state, bytes_read(rows) + static_cast<double>(rows.scores.nbytes()));
}

BENCHMARK(outcome_push_benchmark)
    ->Name("outcome_push_out")
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
