// make_rows and neighbors on the GPU, checked against the CPU: rows made on the way into a batch beside the copy of as many bytes, and the
// nearest rows beside a product of matrices of as many float operations in fp32, which is the machine's limit for both.
#include "benchmarks/kernels/gpu_clock.h"
#include "benchmarks/kernels/rows_to_make.h"
#include "kernels/neighbors/neighbors.h"

namespace equipoise::kernels {
namespace {

// Arguments: the kind of recipe, B.
void make_rows_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const MakingRows rows = some_rows(), from = moved(rows, at::kCUDA);
  const MakingRecipes recipes = all_by(state.range(0)), there = moved(recipes, at::kCUDA);
  const at::Tensor sources = at::randint(kRowsToMake, {state.range(1)}, at::kLong), gpu_sources = sources.cuda();
  const at::Tensor step = at::zeros({1}, at::kLong), gpu_step = step.cuda();
  MadeRows expected = empty_made_rows(state.range(1), rows.codes), made = empty_made_rows(state.range(1), from.codes);
  make_rows_out(expected, sources, rows, recipes, 3, step);
  const auto run = [&] { make_rows_out(made, gpu_sources, from, there, 3, gpu_step); };
  run();
  if (!made.codes.cpu().equal(expected.codes) || !made.values.cpu().equal(expected.values) ||
      !made.partners.cpu().equal(expected.partners) || !expected.recipes.eq(0).all().item<bool>()) {
    return state.SkipWithError("other rows than the CPU's");
  }
  time_graph_on_gpu(state, static_cast<double>(2 * (expected.codes.nbytes() + expected.values.nbytes())), run);
}

// Whether a few rows have the nearest of all others, in double.
bool holds(const at::Tensor& points, const Neighbors& found) {
  const std::int64_t k = found.rows.size(1);
  for (std::int64_t row = 0; row < points.size(0); row += points.size(0) / 5) {
    const at::Tensor all = (points.to(at::kDouble) - points[row].to(at::kDouble)).square().sum(1);
    const at::Tensor expected = std::get<0>(all.topk(k + 1, 0, false)).narrow(0, 1, k);
    if (!found.distances[row].to(at::kDouble).allclose(expected, 1e-6)) return false;
  }
  return true;
}

// A small part of the same points is compared with the CPU's, bit for bit.
bool agrees_with_cpu(const at::Tensor& points) {
  const at::Tensor few = points.narrow(0, 0, 2000), cells = at::zeros({2000}, at::kByte);
  const Neighbors expected = neighbors(few.cpu(), cells, 1, 5), found = neighbors(few, cells.cuda(), 1, 5);
  return found.rows.cpu().equal(expected.rows) && found.distances.cpu().equal(expected.distances);
}

double seconds_of_product(const at::Tensor& points) {
  constexpr std::int64_t kRowsAtOnce = 10'000;
  at::Tensor out = at::empty({kRowsAtOnce, points.size(0)}, points.options());
  const at::Tensor columns = points.t();
  const auto all = [&] {
    for (std::int64_t row = 0; row < points.size(0); row += kRowsAtOnce)
      at::mm_out(out, points.slice(0, row, row + kRowsAtOnce), columns);
  };
  gpu_seconds(2, all);
  return gpu_seconds(3, all);
}

// Arguments: rows, dimensions, k, and levels: with some, coordinates are so many whole numbers, and many rows are equally near.
void neighbors_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  at::manual_seed(1);
  const std::int64_t rows = state.range(0), dimensions = state.range(1), k = state.range(2), levels = state.range(3);
  at::Tensor points = at::rand({rows, dimensions}).cuda();
  if (levels > 0) points = (points * levels).floor();
  const at::Tensor cells = at::zeros({rows}, at::kByte).cuda();
  const auto run = [&] { return neighbors(points, cells, 1, k); };
  if (!holds(points, run()) || !agrees_with_cpu(points)) return state.SkipWithError("not the nearest");
  double seconds = 0;
  for (auto _ : state) {
    const double once = gpu_seconds(5, run);
    state.SetIterationTime(once);
    seconds += once;
  }
  const double once = seconds / static_cast<double>(state.iterations());
  state.counters["TFLOP/s"] = 2.0 * static_cast<double>(rows * rows * dimensions) / once / 1e12;
  state.counters["of_a_product"] = seconds_of_product(points) / once;
}

void kinds_and_batches(benchmark::internal::Benchmark* cases) {
  cases->ArgNames({"kind", "B"})->Unit(benchmark::kMicrosecond)->UseManualTime();
  for (const MakingKind kind : {kSmote, kJitter, kCorrupt, kSwap, kCopula, kMixup})
    for (const std::int64_t batch : {4096, 1 << 19}) cases->Args({kind, batch});
}

BENCHMARK(make_rows_benchmark)->Name("cuda/make_rows")->Apply(kinds_and_batches);
BENCHMARK(neighbors_benchmark)
    ->Name("cuda/neighbors")
    ->ArgNames({"rows", "dimensions", "k", "levels"})
    ->Args({50'000, 100, 5, 0})  // at most 12 ms on an H100, of which the float operations are 7.5
    ->Args({50'000, 100, 50, 0})
    ->Args({50'000, 20, 5, 0})
    ->Args({50'000, 8, 5, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime();

}  // namespace
}  // namespace equipoise::kernels
