#include <fmt/format.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>

#include <cmath>

#include "engine/models/layers.h"

namespace equipoise::models {
namespace {

struct Column {
  std::int64_t offset, width;
};

// [B, features + 1, width]: of each feature its components times its own rows of the weight, and its bias; the last is the one that is read.
at::Tensor tokens(InOrder& own, const at::Tensor& rows, const std::vector<Column>& columns) {
  const at::Tensor &weight = own.next(), &bias = own.next(), &read = own.next();
  std::vector<at::Tensor> of_features;
  for (const Column& column : columns)
    of_features.push_back(
        at::mm(rows.narrow(1, column.offset, column.width), weight.narrow(0, column.offset, column.width)));
  const at::Tensor all = at::stack(of_features, 1) + bias;
  return at::cat({all, read.expand({rows.size(0), 1, -1})}, 1);
}

// Attention of the tokens `readers` [B, R, width] to `all` [B, T, width] (Vaswani et al. 2017).
at::Tensor attention(InOrder& own, const at::Tensor& readers, const at::Tensor& all, std::int64_t heads,
                     const Drops& drop, std::int64_t layer) {
  const auto by_head = [&](const at::Tensor& tokens) {
    return linear(own, tokens).unflatten(2, {heads, -1}).transpose(1, 2);  // [B, heads, tokens, width / heads]
  };
  const at::Tensor queries = by_head(readers), keys = by_head(all), values = by_head(all);
  const double scale = 1 / std::sqrt(static_cast<double>(queries.size(3)));
  const at::Tensor shares = at::matmul(queries * scale, keys.transpose(2, 3)).softmax(-1);
  const at::Tensor mixed = at::matmul(drop(shares, layer), values);
  return linear(own, mixed.transpose(1, 2).flatten(2));
}

}  // namespace

Architecture ft_transformer(const ModelParams& params, const data::EncodedRows& layout, std::int64_t outputs) {
  const std::int64_t width = params.width, features = static_cast<std::int64_t>(layout.features.size());
  Architecture network;
  network.shape = fmt::format("{} tokens of {}, {} blocks of {} heads and {}, {}", features, width, params.blocks,
                              params.heads, params.inner_width, outputs);
  const double bound = 1.0 / std::sqrt(static_cast<double>(width));
  std::vector<ParameterShape>& shapes = network.parameters;
  shapes.push_back({"tokens.weight", {layout.width, width}, bound});
  shapes.push_back({"tokens.bias", {features, width}, bound});
  shapes.push_back({"tokens.read", {width}, bound});
  for (std::int64_t block = 0; block < params.blocks; ++block) {
    const std::string name = fmt::format("blocks.{}", block);
    if (block > 0) declare_norm(shapes, name + ".attention.norm", width);
    for (const char* part : {".query", ".key", ".value", ".outer"})
      declare_linear(shapes, name + ".attention" + part, width, width);
    declare_norm(shapes, name + ".norm", width);
    declare_linear(shapes, name + ".inner", width, 2 * params.inner_width);
    declare_linear(shapes, name + ".outer", params.inner_width, width);
  }
  declare_norm(shapes, "norm", width);
  declare_linear(shapes, "head", width, outputs);
  std::vector<Column> columns;
  for (const data::Feature& feature : layout.features) columns.push_back({feature.offset, feature.width});
  network.logits = [columns, blocks = params.blocks, heads = params.heads](const Pass& pass) {
    InOrder own(pass);
    at::Tensor x = tokens(own, pass.rows, columns);
    for (std::int64_t block = 0; block < blocks; ++block) {
      const at::Tensor all = block > 0 ? norm(own, x) : x;
      // Of the last block one token is read.
      const bool is_last = block + 1 == blocks;
      const auto read = [&](const at::Tensor& tokens) {
        return is_last ? tokens.narrow(1, tokens.size(1) - 1, 1) : tokens;
      };
      x = read(x) + attention(own, read(all), all, heads, pass.drop, 2 * block);
      const at::Tensor normed = norm(own, x);
      const std::vector<at::Tensor> halves = linear(own, normed).chunk(2, -1);
      const at::Tensor gated = pass.drop(halves[0] * halves[1].relu(), 2 * block + 1);
      x = x + linear(own, gated);
    }
    const at::Tensor top = norm(own, x.select(1, x.size(1) - 1)).relu();
    return linear(own, top).unsqueeze(0);
  };
  return network;
}

}  // namespace equipoise::models
