// The backward pass of the logit's layer on the GPU, checked against the CPU.
#include "benchmarks/kernels/gpu_clock.h"
#include "kernels/logit_layer/logit_layer.h"

namespace equipoise::kernels {
namespace {

// Arguments: K, B, units, whether activations are bf16. Timed in a graph, as a training step runs it.
void logit_layer_benchmark(benchmark::State& state) {
  if (!has_gpu(state)) return;
  at::manual_seed(1);
  const std::int64_t members = state.range(0), rows = state.range(1), units = state.range(2);
  const at::ScalarType type = state.range(3) != 0 ? at::kBFloat16 : at::kFloat;
  const at::Tensor gradient = at::randn({members, rows}), weight = at::randn({members, units}).to(type);
  const at::Tensor activated = at::randn({members, rows, units}).clamp_min(0).to(type);
  const at::Tensor gpu_gradient = gradient.cuda(), gpu_weight = weight.cuda(), gpu_activated = activated.cuda();
  at::Tensor below = at::empty_like(gpu_activated), bias_gradient = at::empty({members}, gpu_gradient.options());
  at::Tensor weight_gradient = at::empty({members, units}, gpu_gradient.options()),
             partials = make_logit_layer_partials(members, rows, units, at::kCUDA);
  const at::Tensor below_bias_gradient = at::empty_like(weight_gradient);
  const auto run = [&] {
    logit_layer_backward_out(below, weight_gradient, bias_gradient, below_bias_gradient, partials, gpu_gradient,
                             gpu_weight, gpu_activated, 0);
  };
  run();
  const auto expected = logit_layer_backward(gradient, weight, activated, 0);
  if (!below.cpu().equal(std::get<0>(expected)) || !weight_gradient.cpu().allclose(std::get<1>(expected), 1e-4, 1e-3)) {
    return state.SkipWithError("other gradients than the CPU's");
  }
  time_graph_on_gpu(state, 2.0 * static_cast<double>(activated.nbytes()), run);
}

BENCHMARK(logit_layer_benchmark)
    ->Name("cuda/graph/logit_layer_backward")
    ->ArgNames({"K", "B", "units", "bf16"})
    ->Args({1, 512, 256, 0})
    ->Args({1, 4096, 256, 0})
    ->Args({1, 4096, 256, 1})
    ->Args({64, 4096, 256, 1})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();

}  // namespace
}  // namespace equipoise::kernels
