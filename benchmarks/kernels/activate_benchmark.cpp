#include "kernels/activate/activate.h"

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

Dropout dropout(std::int64_t rate_256) {
  return {at::full({1}, 7, at::kLong), at::full({1}, 3, at::kLong), 0, rate_256};
}

void forward_benchmark(benchmark::State& state) {
  const at::Tensor before = at::randn({1, 512, 256}), bias = at::randn({1, 256});
  at::Tensor x = before.clone();
  activate_(x, bias, dropout(state.range(0)));
  const at::Tensor kept = x > 0;
  const at::Tensor expected = (before + bias.unsqueeze(1)) * (256.0 / (256 - static_cast<double>(state.range(0))));
  if (!at::allclose(x.masked_select(kept), expected.masked_select(kept), 1e-5, 1e-5)) {
    state.SkipWithError("wrong activation");
    return;
  }
  for (auto _ : state) activate_(x, bias, dropout(state.range(0)));
  report_bytes(state, 512.0 * 256 * 8);
}

void backward_benchmark(benchmark::State& state) {
  const at::Tensor activated = at::randn({1, 512, 256});
  at::Tensor gradient = at::ones({1, 512, 256}), bias_gradient = at::empty({1, 256});
  activate_backward_(gradient, activated, bias_gradient, 0);
  if (!at::equal(gradient, (activated > 0).to(at::kFloat)) || !at::allclose(bias_gradient, gradient.sum(1))) {
    state.SkipWithError("wrong gradient");
    return;
  }
  for (auto _ : state) activate_backward_(gradient, activated, bias_gradient, 0);
  report_bytes(state, 512.0 * 256 * 12);
}

BENCHMARK(forward_benchmark)->Name("activate/forward")->Arg(0)->Arg(77)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(backward_benchmark)->Name("activate/backward")->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
