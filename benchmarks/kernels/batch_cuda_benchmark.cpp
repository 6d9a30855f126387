// price, judge, draw, gather and activate on the GPU, at a batch's size and at larger ones, checked against the CPU.
#include "benchmarks/kernels/census_rows.h"
#include "benchmarks/kernels/gpu_clock.h"
#include "benchmarks/kernels/parity_table.h"
#include "kernels/activate/activate.h"
#include "kernels/draw/draw.h"

namespace equipoise::kernels {
namespace {

void price_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const std::int64_t members = state.range(0), groups = state.range(1);
  const RateTable table = on_device(parity_table(static_cast<std::int32_t>(groups)), at::kCUDA);
  const at::Tensor sums = at::full({members, 2 * groups, 4}, 2.0, at::kDouble).cuda();
  at::Tensor averages = empty_averages(members, 2 * groups, at::kCUDA);
  at::Tensor step = at::zeros({1}, at::kLong).cuda();
  const at::Tensor multipliers = at::tensor({3.0, 1.0}).repeat({members, groups}).cuda();
  const auto run = [&] { return price(sums, averages, step, multipliers, table, 0.9); };
  // Multipliers 3 and 1 on +r and -r, a group's weight 4: soft price (3 - 1) / 4.
  if (!run().select(1, 1).cpu().allclose(at::full({members, 2 * groups}, 0.5))) {
    return state.SkipWithError("wrong prices");
  }
  time_on_gpu(state, static_cast<double>(members * 2 * groups * (4 * 8 * 3 + 2 * 4)), run);
}

void judge_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const std::int64_t members = state.range(0), groups = state.range(1);
  const RateTable table = on_device(parity_table(static_cast<std::int32_t>(groups)), at::kCUDA);
  const BandTable band = on_device(parity_band(static_cast<std::int32_t>(groups)), at::kCUDA);
  const at::Tensor sums = parity_sums(members, groups).cuda();
  const at::Tensor bounds = at::zeros({members, 2 * groups}, sums.options());
  const at::Tensor scale = at::ones({members}, sums.options()), moves = scale.to(at::kByte);
  MultiplierState multipliers = zero_multiplier_state(members, 2 * groups, at::kCUDA);
  const auto run = [&] { return judge(sums, table, band, bounds, scale, moves, multipliers, {}).second; };
  if (!run().select(1, 2 * groups - 2).cpu().allclose(at::full({members}, last_group_above(groups), at::kDouble))) {
    return state.SkipWithError("wrong violations");
  }
  time_on_gpu(state, judge_bytes(members, groups), run);
}

constexpr std::int64_t kPopulation = 1'000'003;

template <typename Draw>
void draw_benchmark(benchmark::State& state, Draw&& draw) {
  if (!has_gpu(state)) return;
  at::Tensor expected = at::empty({state.range(0)}, at::kLong), rows = expected.cuda();
  draw(expected, 0);
  draw(rows, 0);
  if (!rows.cpu().equal(expected)) return state.SkipWithError("other rows than the CPU's");
  std::int64_t step = 0;
  time_on_gpu(state, static_cast<double>(rows.nbytes()), [&] { draw(rows, step++); });
}

void draw_epoch_benchmark(benchmark::State& state) {
  draw_benchmark(state, [](at::Tensor& rows, std::int64_t step) { draw_epoch(rows, kPopulation, 1, step); });
}
void draw_uniform_benchmark(benchmark::State& state) {
  draw_benchmark(state, [](at::Tensor& rows, std::int64_t step) { draw_uniform(rows, kPopulation, 1, step); });
}

// Arguments: rows of the table, rows of the batch.
void gather_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  const CensusRows table = census_rows(state.range(0), state.range(1));
  const at::Tensor codes = table.codes.cuda(), values = table.values.cuda(), layout = table.layout.cuda(),
                   rows = table.rows.cuda();
  const auto run = [&] { return gather(codes, values, layout, rows, table.width); };
  if (!batch_is_right(run().cpu(), table.codes, table.rows)) return state.SkipWithError("wrong batch");
  time_on_gpu(state, static_cast<double>(state.range(1) * (12 * 6 + table.width * 4)), [&] { run(); });
}

Dropout dropout_on(const at::Device& device, std::int64_t members, std::int64_t rate_256) {
  return {at::full({members}, 7, at::kLong).to(device), at::full({1}, 3, at::kLong).to(device), 0, rate_256};
}

// Arguments: K, B, units, dropout in 256ths.
void activate_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  at::manual_seed(1);
  at::Tensor x = at::randn({state.range(0), state.range(1), state.range(2)}), gpu_x = x.cuda();
  const at::Tensor bias = at::randn({state.range(0), state.range(2)}), gpu_bias = bias.cuda();
  const Dropout gpu_dropout = dropout_on(at::kCUDA, state.range(0), state.range(3));
  activate_(x, bias, dropout_on(at::kCPU, state.range(0), state.range(3)));
  activate_(gpu_x, gpu_bias, gpu_dropout);
  if (!gpu_x.cpu().equal(x)) return state.SkipWithError("another activation than the CPU's");
  time_on_gpu(state, 2.0 * static_cast<double>(x.nbytes()), [&] { activate_(gpu_x, gpu_bias, gpu_dropout); });
}

void activate_backward_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  at::manual_seed(1);
  const at::Tensor activated = at::randn({state.range(0), state.range(1), state.range(2)}),
                   gpu_activated = activated.cuda();
  at::Tensor gradient = at::ones_like(activated), bias_gradient = at::empty({state.range(0), state.range(2)});
  at::Tensor gpu_gradient = gradient.cuda(), gpu_bias_gradient = bias_gradient.cuda();
  activate_backward_(gradient, activated, bias_gradient, 0);
  const auto run = [&] { activate_backward_(gpu_gradient, gpu_activated, gpu_bias_gradient, 0); };
  run();
  if (!gpu_gradient.cpu().equal(gradient) || !gpu_bias_gradient.cpu().allclose(bias_gradient, 1e-5, 1e-5)) {
    return state.SkipWithError("wrong gradient");
  }
  time_on_gpu(state, 3.0 * static_cast<double>(activated.nbytes()), run);
}

BENCHMARK(price_benchmark)->Name("cuda/price")->Apply(members_and_groups)->UseManualTime();
BENCHMARK(judge_benchmark)->Name("cuda/judge")->Apply(members_and_groups)->UseManualTime();
BENCHMARK(draw_epoch_benchmark)
    ->Name("cuda/draw_epoch")
    ->Arg(4096)
    ->Arg(1 << 19)
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(draw_uniform_benchmark)
    ->Name("cuda/draw_uniform")
    ->Arg(4096)
    ->Arg(1 << 19)
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(gather_benchmark)
    ->Name("cuda/gather")
    ->ArgNames({"N", "B"})
    ->Args({100'000, 4096})
    ->Args({10'000'000, 65'536})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(activate_benchmark)
    ->Name("cuda/activate/forward")
    ->ArgNames({"K", "B", "units", "dropout"})
    ->Args({1, 512, 256, 77})
    ->Args({64, 4096, 128, 77})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(activate_backward_benchmark)
    ->Name("cuda/activate/backward")
    ->ArgNames({"K", "B", "units"})
    ->Args({1, 512, 256})
    ->Args({64, 4096, 128})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();

}  // namespace
}  // namespace equipoise::kernels
