#include <fmt/format.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/relu.h>

#include "engine/models/layers.h"

namespace equipoise::models {

Architecture residual_mlp(const ModelParams& params, const data::EncodedRows& layout, std::int64_t outputs) {
  const InputColumns inputs(layout, params.embedding_size);
  Architecture network;
  network.shape = fmt::format("{}-{}+{}x{}-{}", layout.width, params.width, params.blocks, params.inner_width, outputs);
  std::vector<ParameterShape>& shapes = network.parameters;
  inputs.declare(shapes);
  declare_linear(shapes, "input", inputs.width(), params.width);
  for (std::int64_t block = 0; block < params.blocks; ++block) {
    const std::string name = fmt::format("blocks.{}", block);
    declare_norm(shapes, name + ".norm", params.width);
    declare_linear(shapes, name + ".inner", params.width, params.inner_width);
    declare_linear(shapes, name + ".outer", params.inner_width, params.width);
  }
  declare_norm(shapes, "norm", params.width);
  declare_linear(shapes, "head", params.width, outputs);
  network.logits = [inputs, blocks = params.blocks](const Pass& pass) {
    InOrder own(pass);
    const at::Tensor columns = inputs.of(own, pass.rows);
    at::Tensor x = linear(own, columns);
    for (std::int64_t block = 0; block < blocks; ++block) {
      const at::Tensor read = norm(own, x);
      const at::Tensor inner = pass.drop(linear(own, read).relu(), block);
      x = x + linear(own, inner);
    }
    const at::Tensor top = norm(own, x).relu();
    return linear(own, top).unsqueeze(0);
  };
  return network;
}

}  // namespace equipoise::models
