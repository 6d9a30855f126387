// The curves over scored rows on the GPU, checked against the CPU: what the evaluation of a split asks of them, 8 groups and
// 100 thresholds.
#include "benchmarks/kernels/gpu_clock.h"
#include "kernels/score_curves/score_curves.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kGroups = 8;
constexpr std::int64_t kBins = 15;

// Arguments: N, bytes of a score. Scores of a logistic model, groups of unequal size.
ScoredRows asked_rows(const benchmark::State& state) {
  at::manual_seed(1);
  const std::int64_t count = state.range(0);
  ScoredRows rows;
  const at::Tensor logits = at::randn({1, count}) * 2;
  rows.labels = at::rand({count}).lt(logits[0].sigmoid()).to(at::kByte);
  rows.scores = logits.to(state.range(1) == 8 ? at::kDouble : at::kFloat).sigmoid_();
  rows.groups = at::rand({count}).mul_(at::rand({count})).mul_(kGroups).to(at::kInt);
  rows.group_count = kGroups;
  return rows;
}

ScoredRows on_gpu(const ScoredRows& rows) {
  return {rows.scores.cuda(), rows.labels.cuda(), rows.groups->cuda(), rows.group_count, std::nullopt};
}

at::Tensor hundred_thresholds() {
  return at::arange(1, 101, at::kDouble) / 101;
}

double row_bytes(const ScoredRows& rows) {
  return static_cast<double>(rows.scores.nbytes() + rows.labels.nbytes() + rows.groups->nbytes());
}

void score_areas_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const ScoredRows rows = asked_rows(state), gpu = on_gpu(rows);
  if (!score_areas(gpu).cpu().equal(score_areas(rows))) return state.SkipWithError("other areas than the CPU's");
  time_on_gpu(state, row_bytes(rows), [&] { score_areas(gpu); });
}

void score_above_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const ScoredRows rows = asked_rows(state), gpu = on_gpu(rows);
  const at::Tensor thresholds = hundred_thresholds();
  if (!score_above(gpu, thresholds).cpu().equal(score_above(rows, thresholds))) {
    return state.SkipWithError("other counts than the CPU's");
  }
  time_on_gpu(state, row_bytes(rows), [&] { score_above(gpu, thresholds); });
}

void score_histogram_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const ScoredRows rows = asked_rows(state), gpu = on_gpu(rows);
  if (!score_histogram(gpu, kBins, 0, 1).cpu().allclose(score_histogram(rows, kBins, 0, 1), 1e-12, 0)) {
    return state.SkipWithError("wrong sums");
  }
  time_on_gpu(state, row_bytes(rows), [&] { score_histogram(gpu, kBins, 0, 1); });
}

// One after the other, each checked above.
void score_curves_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const ScoredRows rows = asked_rows(state), gpu = on_gpu(rows);
  const at::Tensor thresholds = hundred_thresholds();
  if (score_areas(gpu).isnan().any().item<bool>()) return state.SkipWithError("a group without an area");
  time_on_gpu(state, 3 * row_bytes(rows), [&] {
    score_areas(gpu);
    score_above(gpu, thresholds);
    score_histogram(gpu, kBins, 0, 1);
  });
}

BENCHMARK(score_areas_benchmark)
    ->Name("cuda/score_areas")
    ->ArgNames({"N", "score_bytes"})
    ->Args({10'000'000, 4})
    ->Args({10'000'000, 8})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(score_above_benchmark)
    ->Name("cuda/score_above")
    ->ArgNames({"N", "score_bytes"})
    ->Args({10'000'000, 8})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(score_histogram_benchmark)
    ->Name("cuda/score_histogram")
    ->ArgNames({"N", "score_bytes"})
    ->Args({10'000'000, 8})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(score_curves_benchmark)
    ->Name("cuda/score_curves")
    ->ArgNames({"N", "score_bytes"})
    ->Args({10'000'000, 8})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();

}  // namespace
}  // namespace equipoise::kernels
