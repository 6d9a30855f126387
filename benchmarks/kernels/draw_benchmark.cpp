#include "kernels/draw/draw.h"

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kPopulation = 1'000'003;

void draw_epoch_benchmark(benchmark::State& state) {
  at::Tensor rows = at::empty({state.range(0)}, at::kLong);
  draw_epoch(rows, kPopulation, 1, 0);
  if (std::get<0>(at::_unique(rows)).size(0) != rows.size(0)) {
    state.SkipWithError("a row came twice");
    return;
  }
  std::int64_t step = 0;
  for (auto _ : state) draw_epoch(rows, kPopulation, 1, step++);
  report_bytes(state, static_cast<double>(rows.nbytes()));
}

void draw_uniform_benchmark(benchmark::State& state) {
  at::Tensor rows = at::empty({state.range(0)}, at::kLong);
  draw_uniform(rows, kPopulation, 1, 0);
  if (rows.min().item<std::int64_t>() < 0 || rows.max().item<std::int64_t>() >= kPopulation) {
    state.SkipWithError("a row outside the population");
    return;
  }
  std::int64_t step = 0;
  for (auto _ : state) draw_uniform(rows, kPopulation, 1, step++);
  report_bytes(state, static_cast<double>(rows.nbytes()));
}

// 64 cells of unequal size, each with the same share.
void draw_cells_benchmark(benchmark::State& state) {
  constexpr std::int64_t kCells = 64;
  at::Tensor rows = at::empty({state.range(0)}, at::kLong), offsets = at::empty({kCells + 1}, at::kLong);
  for (std::int64_t cell = 0; cell <= kCells; ++cell) offsets[cell] = cell * cell * kPopulation / (kCells * kCells);
  const CellShares cells{at::randperm(kPopulation), offsets,
                         limits_of_shares(std::vector<double>(kCells, 1.0 / kCells))};
  draw_cells(rows, cells, 1, 0);
  const at::Tensor place = at::empty({kPopulation}, at::kLong);
  place.index_put_({cells.order}, at::arange(kPopulation));
  const at::Tensor counts =
      at::histc(at::bucketize(place.index({rows}), offsets, false, true).to(at::kDouble), kCells, 0.5, kCells + 0.5);
  const double share = static_cast<double>(state.range(0)) / kCells;
  if (counts.min().item<double>() < share - 1 || counts.max().item<double>() > share + 1) {
    state.SkipWithError("a cell without its share");
    return;
  }
  std::int64_t step = 0;
  for (auto _ : state) draw_cells(rows, cells, 1, step++);
  report_bytes(state, static_cast<double>(rows.nbytes()));
}

BENCHMARK(draw_epoch_benchmark)
    ->Name("draw_epoch")
    ->Arg(4096)
    ->Arg(1 << 19)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();
BENCHMARK(draw_uniform_benchmark)
    ->Name("draw_uniform")
    ->Arg(4096)
    ->Arg(1 << 19)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

BENCHMARK(draw_cells_benchmark)
    ->Name("draw_cells")
    ->Arg(4096)
    ->Arg(1 << 19)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
