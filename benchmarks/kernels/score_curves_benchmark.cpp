#include "kernels/score_curves/score_curves.h"

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

// 8 groups, scores of a logistic model in the type that a network gives.
ScoredRows benchmark_rows(std::int64_t rows, at::ScalarType type) {
  at::manual_seed(1);
  ScoredRows scored;
  const at::Tensor logits = at::randn({1, rows}, at::kDouble) * 2;
  scored.scores = logits.sigmoid().to(type);
  scored.labels = at::rand({rows}, at::kDouble).lt(logits[0].sigmoid()).to(at::kByte);
  scored.groups = at::randint(8, {rows}, at::kInt);
  scored.group_count = 8;
  return scored;
}

at::ScalarType score_type(const benchmark::State& state) {
  return state.range(1) == 8 ? at::kDouble : at::kFloat;
}

double row_bytes(const benchmark::State& state) {
  return static_cast<double>(state.range(0) * (state.range(1) + 1 + 4));
}

void score_areas_benchmark(benchmark::State& state) {
  const ScoredRows rows = benchmark_rows(state.range(0), score_type(state));
  const std::int64_t count = state.range(0);
  // By the positives' mean ranks, ties sharing theirs.
  const at::Tensor sorted = std::get<0>(rows.scores[0].sort());
  const at::Tensor ranks =
      (at::searchsorted(sorted, rows.scores[0]) + at::searchsorted(sorted, rows.scores[0], false, /*right=*/true) + 1)
          .to(at::kDouble) /
      2;
  const double positives = rows.labels.sum().item<double>();
  const double expected = ((ranks * rows.labels).sum().item<double>() - positives * (positives + 1) / 2) /
                          (positives * (static_cast<double>(count) - positives));
  if (std::abs(score_areas(rows)[0][8].item<double>() - expected) > 1e-9) {
    state.SkipWithError("wrong area");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(score_areas(rows));
  report_bytes(state, row_bytes(state));
}

void score_above_benchmark(benchmark::State& state) {
  const ScoredRows rows = benchmark_rows(state.range(0), score_type(state));
  const at::Tensor thresholds = at::arange(1, 101, at::kDouble) / 101;
  const at::Tensor above = score_above(rows, thresholds);
  for (const std::int64_t k : {0, 50, 99}) {
    const auto expected = rows.scores.to(at::kDouble).gt(thresholds[k]).sum().item<std::int64_t>();
    if (above[0][8].select(1, k + 1).sum().item<double>() != static_cast<double>(expected)) {
      state.SkipWithError("wrong counts above a threshold");
      return;
    }
  }
  for (auto _ : state) benchmark::DoNotOptimize(score_above(rows, thresholds));
  report_bytes(state, row_bytes(state));
}

void score_histogram_benchmark(benchmark::State& state) {
  const ScoredRows rows = benchmark_rows(state.range(0), score_type(state));
  const at::Tensor histogram = score_histogram(rows, 20, 0, 1);
  const double total = histogram[0][8].select(1, kBinScore).sum().item<double>();
  if (std::abs(total / rows.scores.to(at::kDouble).sum().item<double>() - 1) > 1e-9) {
    state.SkipWithError("wrong sum of scores");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(score_histogram(rows, 20, 0, 1));
  report_bytes(state, row_bytes(state));
}

// Rows, bytes of a score.
BENCHMARK(score_areas_benchmark)
    ->Name("score_areas")
    ->Args({1 << 20, 4})
    ->Args({1 << 20, 8})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(score_above_benchmark)
    ->Name("score_above")
    ->Args({1 << 20, 4})
    ->Args({1 << 20, 8})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(score_histogram_benchmark)
    ->Name("score_histogram")
    ->Args({1 << 20, 4})
    ->Args({1 << 20, 8})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
