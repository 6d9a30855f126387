#include "kernels/push/push.h"

#include "benchmarks/kernels/bandwidth.h"
#include "benchmarks/kernels/rows.h"

namespace equipoise::kernels {
namespace {

bool answer_is_right(const BenchmarkRows& rows, const at::Tensor& gradient) {
  const at::Tensor cells = rows.cells.to(at::kLong);
  const at::Tensor y = rows.cell_labels.to(at::kDouble).index_select(0, cells);
  const at::Tensor soft = tensor_terms(rows).second[0];
  const at::Tensor expected = rows.loss_price[0].index_select(0, cells) * (soft - y) +
                              rows.soft_price[0].index_select(0, cells) * soft * (1 - soft);
  return gradient[0].to(at::kDouble).allclose(expected, 1e-2, rows.logits.scalar_type() == at::kFloat ? 1e-6 : 1e-2);
}

// Arguments: K, N, C, whether the logits are bf16.
void push_benchmark(benchmark::State& state) {
  const at::ScalarType type = state.range(3) != 0 ? at::kBFloat16 : at::kFloat;
  const BenchmarkRows rows = make_rows(state.range(0), state.range(1), state.range(2), type);
  at::Tensor gradient = at::zeros_like(rows.logits);
  const auto run = [&] {
    push_out(gradient, rows.logits, rows.cells, rows.cell_labels, rows.loss_price, rows.soft_price, std::nullopt, 0.0,
             1.0);
  };
  run();
  if (!answer_is_right(rows, gradient)) {
    state.SkipWithError("wrong gradient");
    return;
  }
  for (auto _ : state) run();
  report_bytes(state, static_cast<double>(2 * rows.logits.nbytes() + rows.cells.nbytes()));
}

BENCHMARK(push_benchmark)
    ->Name("push_out")
    ->ArgNames({"K", "N", "C", "bf16"})
    ->Args({1, 1 << 24, 2, 0})
    ->Args({1, 1 << 24, 8, 0})
    ->Args({1, 1 << 24, 8, 1})
    ->Args({1, 1 << 24, 32, 0})
    ->Args({1, 1 << 24, 256, 0})
    ->Args({1, 4096, 8, 0})
    ->Args({64, 4096, 8, 0})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
