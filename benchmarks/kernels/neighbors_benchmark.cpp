// The nearest rows of one cell, beside what a product of matrices of the same number of float operations takes.
#include "kernels/neighbors/neighbors.h"

#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>

#include <chrono>

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

double seconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Every pair of rows once, as one product of matrices has them: the machine's limit.
double seconds_of_product(const at::Tensor& points) {
  constexpr std::int64_t kRowsAtOnce = 2000;
  return seconds_of([&] {
    for (std::int64_t row = 0; row < points.size(0); row += kRowsAtOnce)
      benchmark::DoNotOptimize(at::mm(points.slice(0, row, row + kRowsAtOnce), points.t()));
  });
}

// Whether no other row is nearer to the first row than its last neighbour.
bool holds(const at::Tensor& points, const Neighbors& found) {
  const at::Tensor all = (points.to(at::kDouble) - points[0].to(at::kDouble)).square().sum(1);
  const double last = found.distances[0][-1].item<double>();
  return (all < last * (1 - 1e-6)).sum().item<std::int64_t>() - 1 < found.rows.size(1);
}

// With `levels` coordinates are so many whole numbers, and many rows are equally near.
void neighbors_benchmark(benchmark::State& state) {
  at::manual_seed(1);
  const std::int64_t rows = state.range(0), dimensions = state.range(1), levels = state.range(2);
  at::Tensor points = at::rand({rows, dimensions});
  if (levels > 0) points = (points * levels).floor();
  const at::Tensor cells = at::zeros({rows}, at::kByte);
  if (!holds(points, neighbors(points, cells, 1, 5))) {
    state.SkipWithError("not the nearest");
    return;
  }
  double seconds = 0;
  for (auto _ : state) seconds += seconds_of([&] { benchmark::DoNotOptimize(neighbors(points, cells, 1, 5).rows); });
  const double once = seconds / static_cast<double>(state.iterations());
  const auto operations = 2.0 * static_cast<double>(rows * rows * dimensions);
  state.counters["GFLOP/s"] = operations / once / 1e9;
  state.counters["of_a_product"] = seconds_of_product(points) / once;
}

BENCHMARK(neighbors_benchmark)
    ->Name("neighbors")
    ->ArgNames({"rows", "dimensions", "levels"})
    ->Args({20000, 100, 0})
    ->Args({20000, 20, 0})
    ->Args({20000, 20, 4})
    ->Args({20000, 8, 0})
    ->Args({20000, 8, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
