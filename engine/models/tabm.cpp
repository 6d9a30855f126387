#include <fmt/format.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/relu.h>

#include <cmath>

#include "engine/models/layers.h"

namespace equipoise::models {

Architecture tabm(const ModelParams& params, const data::EncodedRows& layout, std::int64_t outputs) {
  const InputColumns inputs(layout, params.embedding_size);
  const std::int64_t submodels = params.submodels;
  Architecture network;
  network.streams = submodels;
  network.shape = std::to_string(layout.width);
  std::vector<ParameterShape>& shapes = network.parameters;
  inputs.declare(shapes);
  std::int64_t width = inputs.width();
  for (std::size_t layer = 0; layer < params.hidden.size(); ++layer) {
    const std::int64_t above = params.hidden[layer];
    const std::string name = fmt::format("layers.{}", layer);
    const double bound = 1.0 / std::sqrt(static_cast<double>(width));
    shapes.push_back({name + ".weight", {width, above}, bound});
    // Signs in the first layer make submodels differ from the start; elsewhere they begin alike. One sign a feature: of its own each, the
    // components of a ramp would no longer add up to a number.
    const bool is_first = layer == 0;
    shapes.push_back({name + ".inputs",
                      {submodels, width},
                      1,
                      is_first ? Initial::signs : Initial::constant,
                      is_first ? inputs.by_feature() : std::vector<std::int64_t>()});
    shapes.push_back({name + ".outputs", {submodels, above}, 1, Initial::constant});
    shapes.push_back({name + ".bias", {submodels, above}, bound});
    network.shape += fmt::format("-{}", above);
    width = above;
  }
  const double bound = 1.0 / std::sqrt(static_cast<double>(width));
  shapes.push_back({"head.weight", {submodels, width, outputs}, bound});
  shapes.push_back({"head.bias", {submodels, outputs}, bound});
  network.shape += fmt::format("-{}, {} submodels", outputs, submodels);
  network.logits = [inputs, submodels, layers = static_cast<std::int64_t>(params.hidden.size())](const Pass& pass) {
    InOrder own(pass);
    const std::int64_t rows = pass.rows.size(0);
    at::Tensor x = inputs.of(own, pass.rows).unsqueeze(1);  // [B, 1, in], then [B, submodels, in]
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      const at::Tensor &weight = own.next(), &r = own.next(), &s = own.next(), &bias = own.next();
      const at::Tensor sums = at::mm((x * r).flatten(0, 1), weight).view({rows, submodels, -1});
      x = pass.drop((sums * s + bias).relu(), layer);
    }
    const at::Tensor &weight = own.next(), &bias = own.next();
    return at::baddbmm(bias.unsqueeze(1), x.transpose(0, 1), weight);
  };
  return network;
}

}  // namespace equipoise::models
