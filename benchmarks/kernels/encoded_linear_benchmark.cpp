#include "kernels/encoded_linear/encoded_linear.h"

#include "benchmarks/kernels/bandwidth.h"
#include "kernels/gather/gather.h"

namespace equipoise::kernels {
namespace {

// Adult's shape: 5 ramps of 40 components and a missing flag, 7 categories of 14; 512 rows. Arguments: outputs, members side by side.
struct Layer {
  EncodedTensors encoded;
  at::Tensor rows, weight, ramp_sums, bias, out;
};

Layer make_layer(std::int64_t outputs, std::int64_t members = 1) {
  constexpr std::int64_t kRows = 30'000, kFeatures = 12;
  at::manual_seed(1);
  Layer layer;
  layer.encoded.layout = at::zeros({kFeatures, 3}, at::kInt);
  layer.encoded.codes = at::zeros({kRows, kFeatures}, at::kShort);
  layer.encoded.values = at::ones({kRows, kFeatures});
  for (std::int64_t feature = 0; feature < kFeatures; ++feature) {
    const std::int64_t width = feature < 5 ? 41 : 14;
    layer.encoded.layout[feature][0] = feature < 5 ? 0 : 1;
    layer.encoded.layout[feature][1] = layer.encoded.width;
    layer.encoded.layout[feature][2] = width;
    layer.encoded.codes.select(1, feature).copy_(at::randint(width, {kRows}));
    if (feature < 5) layer.encoded.values.select(1, feature).copy_(at::rand({kRows}));
    layer.encoded.width += width;
  }
  layer.rows = at::randint(kRows, {512});
  layer.weight = at::randn({members, layer.encoded.width, outputs});
  layer.ramp_sums = at::zeros_like(layer.weight);
  layer.bias = at::randn({members, outputs});
  layer.out = at::empty({members, 512, outputs});
  encoded_ramp_sums_out(layer.ramp_sums, layer.encoded, layer.weight);
  return layer;
}

at::Tensor dense_rows(const Layer& layer) {
  return gather(layer.encoded.codes, layer.encoded.values, layer.encoded.layout, layer.rows, layer.encoded.width);
}

void forward_benchmark(benchmark::State& state) {
  Layer layer = make_layer(state.range(0), state.range(1));
  encoded_linear_out(layer.out, layer.encoded, layer.rows, layer.weight, layer.ramp_sums, layer.bias);
  const at::Tensor expected = at::matmul(dense_rows(layer), layer.weight) + layer.bias.unsqueeze(1);
  if (!at::allclose(layer.out, expected, 1e-3, 1e-3)) {
    state.SkipWithError("wrong product");
    return;
  }
  for (auto _ : state) {
    encoded_linear_out(layer.out, layer.encoded, layer.rows, layer.weight, layer.ramp_sums, layer.bias);
  }
  report_bytes(state, 512.0 * (12 * 6 + 4 * static_cast<double>(layer.bias.numel())));
}

// What it stands in for: the same rows made dense, then one matrix product.
void dense_benchmark(benchmark::State& state) {
  Layer layer = make_layer(state.range(0), state.range(1));
  for (auto _ : state) {
    const at::Tensor rows = dense_rows(layer).unsqueeze(0).expand({layer.out.size(0), -1, -1});
    at::baddbmm_out(layer.out, layer.bias.unsqueeze(1), rows, layer.weight);
  }
  report_bytes(state, 512.0 * (12 * 6 + 4 * static_cast<double>(layer.encoded.width + layer.bias.numel())));
}

void backward_benchmark(benchmark::State& state) {
  Layer layer = make_layer(state.range(0), state.range(1));
  const at::Tensor gradient = at::randn_like(layer.out);
  at::Tensor weight_gradient = at::empty_like(layer.weight), bias_gradient = at::empty_like(layer.bias);
  const auto run = [&] {
    encoded_linear_backward_out(weight_gradient, bias_gradient, layer.encoded, layer.rows, gradient);
  };
  run();
  if (!at::allclose(weight_gradient, at::matmul(dense_rows(layer).t(), gradient), 1e-3, 1e-2)) {
    state.SkipWithError("wrong gradient");
    return;
  }
  for (auto _ : state) run();
  report_bytes(state, 512.0 * (12 * 6 + 4 * static_cast<double>(layer.bias.numel())));
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({256, 1})->Args({32, 1})->Args({32, 8})->Unit(benchmark::kMicrosecond)->UseRealTime();
}

BENCHMARK(forward_benchmark)->Name("encoded_linear/forward")->Apply(shapes);
BENCHMARK(dense_benchmark)->Name("encoded_linear/dense_peer")->Apply(shapes);
BENCHMARK(backward_benchmark)->Name("encoded_linear/backward")->Apply(shapes);

}  // namespace
}  // namespace equipoise::kernels
