// Rows made up on the way into a batch, beside the copy of as many bytes.
#include "kernels/make_rows/make_rows.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kRows = 100'000, kFeatures = 12, kNeighbors = 5;

// One column of eight levels, the next for each; all features as they go together in nobody; partners are anybody.
void add_whole_rows(MakingRows& rows) {
  rows.swaps = {at::zeros({1}, at::kInt),
                at::zeros({1}, at::kInt),
                at::full({1}, -1, at::kInt),
                rows.codes.select(1, 0).contiguous().view({1, kRows}),
                at::tensor({std::int64_t{0}, std::int64_t{8}}),
                at::arange(1, 9, at::kShort).remainder(8).to(at::kShort)};
  rows.copulas.ranked = at::arange(kRows, at::kInt).repeat({kFeatures, 1});
  rows.copulas.factors = at::eye(kFeatures).unsqueeze(0).contiguous();
  rows.partners = {rows.order, at::tensor({std::int64_t{0}, kRows}).view({1, 1, 2}), at::rand({1, 1024})};
}

// One cell of ramps and categories in turns, whose neighbours are any rows.
MakingRows some_rows() {
  at::manual_seed(1);
  MakingRows rows;
  rows.codes = at::randint(8, {kRows, kFeatures}, at::kShort);
  rows.values = at::rand({kRows, kFeatures});
  rows.forms = at::arange(kFeatures, at::kByte).remainder(2).to(at::kByte);
  rows.bins = at::full({kFeatures}, 8, at::kShort);
  rows.cells = at::zeros({kRows}, at::kInt);
  rows.order = at::arange(kRows, at::kLong);
  rows.offsets = at::tensor({std::int64_t{0}, kRows});
  rows.neighbors = at::randint(kRows, {kRows, kNeighbors}, at::kLong);
  add_whole_rows(rows);
  return rows;
}

void make_rows_benchmark(benchmark::State& state) {
  const MakingRows rows = some_rows();
  const std::int64_t batch = 4096, kind = state.range(0);
  const MakingRecipes recipes{at::tensor({static_cast<int>(kind)}, at::kInt), at::tensor({0.3F}),
                              at::tensor({std::int64_t{1} << 32}).view({1, 1})};
  const at::Tensor sources = at::randint(kRows, {batch}, at::kLong);
  at::Tensor step = at::zeros({1}, at::kLong);
  MadeRows made = empty_made_rows(batch, rows.codes);
  make_rows_out(made, sources, rows, recipes, 3, step);
  // Numbers of SMOTE lie between their two rows'.
  const auto number = [](const at::Tensor& codes, const at::Tensor& values) {
    return codes.select(1, 1) + values.select(1, 1);
  };
  const at::Tensor at_source = number(rows.codes.index({sources}), rows.values.index({sources})),
                   at_made = number(made.codes, made.values);
  const at::Tensor partner = made.partners.clamp_min(0);
  const at::Tensor at_partner = number(rows.codes.index({partner}), rows.values.index({partner}));
  const bool between = ((at_made - at_source) * (at_made - at_partner)).le(1e-4).all().item<bool>();
  if (!made.recipes.eq(0).all().item<bool>() || (kind == kSmote && !between)) {
    state.SkipWithError("not made as they should be");
    return;
  }
  for (auto _ : state) {
    make_rows_out(made, sources, rows, recipes, 3, step);
    step.add_(1);
  }
  report_bytes(state, static_cast<double>(2 * (made.codes.nbytes() + made.values.nbytes())));
}

BENCHMARK(make_rows_benchmark)
    ->Name("make_rows")
    ->ArgName("kind")
    ->Arg(kSmote)
    ->Arg(kJitter)
    ->Arg(kCorrupt)
    ->Arg(kSwap)
    ->Arg(kCopula)
    ->Arg(kMixup)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
