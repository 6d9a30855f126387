// The backward pass of the logit's layer on the CPU, beside the same made of products, a rectifier and sums.
#include "kernels/logit_layer/logit_layer.h"

#include "benchmarks/kernels/bandwidth.h"
#include "kernels/activate/activate.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kRows = 512, kUnits = 256, kRate256 = 77;

struct Batch {
  at::Tensor gradient = at::randn({1, kRows}), weight = at::randn({1, kUnits});
  at::Tensor activated = at::randn({1, kRows, kUnits}).clamp_min(0);
  at::Tensor below = at::empty_like(activated), weight_gradient = at::empty({1, kUnits});
  at::Tensor bias_gradient = at::empty({1}), below_bias_gradient = at::empty({1, kUnits}), partials;

  void in_one_pass() {
    logit_layer_backward_out(below, weight_gradient, bias_gradient, below_bias_gradient, partials, gradient, weight,
                             activated, kRate256);
  }
  void apart() {
    at::Tensor column = weight_gradient.unsqueeze(2);
    at::bmm_out(column, activated.transpose(1, 2), gradient.unsqueeze(2));
    at::bmm_out(below, gradient.unsqueeze(2), weight.unsqueeze(1));
    activate_backward_(below, activated, below_bias_gradient, kRate256);
    at::sum_out(bias_gradient, gradient, {1});
  }
};

template <bool kInOnePass>
void backward_benchmark(benchmark::State& state) {
  Batch batch;
  batch.apart();
  const at::Tensor expected = batch.below.clone(), expected_weight = batch.weight_gradient.clone();
  const auto run = [&] { kInOnePass ? batch.in_one_pass() : batch.apart(); };
  run();
  if (!batch.below.allclose(expected, 1e-5, 1e-6) || !batch.weight_gradient.allclose(expected_weight, 1e-4, 1e-3)) {
    return state.SkipWithError("wrong gradient");
  }
  for (auto _ : state) run();
  report_bytes(state, kRows * kUnits * (kInOnePass ? 8.0 : 28.0));
}

BENCHMARK(backward_benchmark<true>)->Name("logit_layer/one_pass")->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(backward_benchmark<false>)->Name("logit_layer/apart")->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
