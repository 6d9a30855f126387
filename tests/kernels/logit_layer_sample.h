// Batches for the tests of logit_layer_backward, and the same pass in double by ATen's ops.
#pragma once

#include <ATen/ATen.h>

#include "kernels/logit_layer/logit_layer.h"

namespace equipoise::kernels {

constexpr std::int64_t kSampleRate256 = 77;

struct LogitLayerSample {
  at::Tensor gradient, weight, activated;
};

// A member's weights lie among other numbers, as a bank's do.
inline LogitLayerSample logit_layer_sample(std::int64_t members, std::int64_t rows, std::int64_t units,
                                           at::ScalarType type) {
  at::manual_seed(rows + units);
  const at::Tensor weight = at::randn({members, units + 3}).to(type).narrow(1, 0, units);
  return {at::randn({members, rows}), weight, at::randn({members, rows, units}).clamp_min(0).to(type)};
}

struct LogitLayerGradients {
  at::Tensor below, weight, bias, below_bias;

  explicit LogitLayerGradients(const std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor>& found)
      : below(std::get<0>(found)),
        weight(std::get<1>(found)),
        bias(std::get<2>(found)),
        below_bias(std::get<3>(found)) {}
};

inline LogitLayerGradients in_double(const LogitLayerSample& sample) {
  const at::Tensor gradient = sample.gradient.to(at::kDouble).unsqueeze(2),
                   activated = sample.activated.to(at::kDouble);
  const at::Tensor below =
      gradient * sample.weight.to(at::kDouble).unsqueeze(1) * (256.0 / (256 - kSampleRate256)) * activated.gt(0);
  return LogitLayerGradients({below, (activated * gradient).sum(1), gradient.sum(1).squeeze(1), below.sum(1)});
}

}  // namespace equipoise::kernels
