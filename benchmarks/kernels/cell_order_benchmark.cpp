#include "kernels/cell_order/cell_order.h"

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

void cell_order_benchmark(benchmark::State& state) {
  const std::int64_t rows = state.range(0), cells = state.range(1);
  at::manual_seed(1);
  const at::Tensor drawn = at::randint(cells, {rows}, at::kLong).to(cells <= 256 ? at::kByte : at::kShort);
  const CellOrder order = cell_order(drawn, cells);
  const auto [sorted, by_library] = drawn.sort(/*stable=*/true, 0, false);
  if (!order.rows.equal(by_library) || order.offsets[cells].item<std::int64_t>() != rows) {
    state.SkipWithError("wrong order");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(cell_order(drawn, cells).rows);
  report_bytes(state, static_cast<double>(rows) * (2.0 * static_cast<double>(drawn.element_size()) + 8.0));
}

BENCHMARK(cell_order_benchmark)
    ->Name("cell_order")
    ->Args({1 << 20, 8})
    ->Args({1 << 22, 8})
    ->Args({1 << 22, 4096})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
