// measure + price + push of a batch in a CUDA graph, in one launch and as three ops, checked against the CPU.
#include "benchmarks/kernels/gpu_clock.h"
#include "benchmarks/kernels/parity_table.h"
#include "kernels/measure_price_push/measure_price_push.h"
#include "kernels/push/push.h"

namespace equipoise::kernels {
namespace {

struct TrainingBatch {
  at::Tensor logits, cells, cell_labels, averages, step, multipliers;
  RateTable table;
  MeasurePricePushWorkspace workspace;

  TrainingBatch(std::int64_t members, std::int64_t rows, const at::Device& device) {
    at::manual_seed(1);
    logits = at::randn({members, rows}).to(device);
    cells = at::randint(8, {rows}, at::kByte).to(device);
    cell_labels = at::arange(8).remainder(2).to(at::kByte).to(device);
    averages = empty_averages(members, 8, device);
    step = at::ones({1}, at::kLong).to(device);
    multipliers = at::tensor({3.0, 1.0}).repeat({members, 4}).to(device);
    table = on_device(parity_table(4), device);
    workspace = make_measure_price_push_workspace(logits, 8, table);
  }
  void run_fused() {
    measure_price_push_out(workspace, logits, cells, cell_labels, {}, averages, step, multipliers, table, 0.9, 0, 1);
  }
  void run_three() {
    cell_stats_out(workspace.measured, logits, cells, cell_labels, {}, 0, 1);
    price_out(workspace.priced, workspace.measured.sums, averages, step, multipliers, table, 0.9);
    workspace.row_prices.transpose(0, 1).copy_(workspace.priced.prices);
    push_out(workspace.gradient, logits, cells, cell_labels, workspace.row_prices.select(0, 0),
             workspace.row_prices.select(0, 1), {}, 0, 1);
  }
};

// Arguments: K, B. Unless kFused, the three ops one after the other, with the copy that lays out the prices for push_out.
template <bool kFused>
void measure_price_push_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  TrainingBatch batch(state.range(0), state.range(1), at::kCUDA), cpu(state.range(0), state.range(1), at::kCPU);
  const auto run = [&] { kFused ? batch.run_fused() : batch.run_three(); };
  run();
  cpu.run_three();
  if (!batch.workspace.gradient.cpu().allclose(cpu.workspace.gradient, 1e-4, 1e-8)) {
    return state.SkipWithError("another gradient than the CPU's");
  }
  time_graph_on_gpu(state, static_cast<double>(state.range(0) * state.range(1) * (4 + 1 + 4)), run);
}

void members_and_batches(benchmark::internal::Benchmark* cases) {
  cases->ArgNames({"K", "B"})->Args({1, 4096})->Args({64, 4096})->Unit(benchmark::kMicrosecond);
}

BENCHMARK(measure_price_push_benchmark<true>)
    ->Name("cuda/graph/measure_price_push/fused")
    ->Apply(members_and_batches)
    ->UseManualTime();
BENCHMARK(measure_price_push_benchmark<false>)
    ->Name("cuda/graph/measure_price_push/three_ops")
    ->Apply(members_and_batches)
    ->UseManualTime();

}  // namespace
}  // namespace equipoise::kernels
