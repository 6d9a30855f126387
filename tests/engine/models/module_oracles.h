#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/models/params.h"

namespace equipoise::models {

/// The networks of one member in double, by their definitions: products by rows, sums of squares, a loop over submodels, heads and
/// readers. `own` are the member's tensors by name, `dense` [B, 15] the rows of row_sample.h.
struct Oracle {
  const ModelParams& params;
  std::map<std::string, at::Tensor> own;
  bool embedded;

  at::Tensor of(const std::string& name) const { return own.at(name); }

  at::Tensor linear(const std::string& name, const at::Tensor& x) const {
    return (x.unsqueeze(-1) * of(name + ".weight")).sum(-2) + of(name + ".bias");
  }

  at::Tensor norm(const std::string& name, const at::Tensor& x) const {
    const at::Tensor centred = x - x.sum(-1, true) / x.size(-1);
    const at::Tensor variance = (centred * centred).sum(-1, true) / x.size(-1);
    return centred / (variance + 1e-5).sqrt() * of(name + ".weight") + of(name + ".bias");
  }

  at::Tensor inputs(const at::Tensor& dense) const {
    if (!embedded) return dense;
    const at::Tensor job = (dense.narrow(1, 8, 5).unsqueeze(-1) * of("embeddings.job.table")).sum(1);
    return at::cat({dense.narrow(1, 0, 8), job, dense.narrow(1, 13, 2)}, 1);
  }

  at::Tensor residual_mlp(const at::Tensor& dense) const {
    at::Tensor x = linear("input", inputs(dense));
    for (std::int64_t block = 0; block < params.blocks; ++block) {
      const std::string name = "blocks." + std::to_string(block);
      x = x + linear(name + ".outer", linear(name + ".inner", norm(name + ".norm", x)).clamp_min(0));
    }
    return linear("head", norm("norm", x).clamp_min(0)).unsqueeze(0);
  }

  at::Tensor tabm(const at::Tensor& dense) const {
    std::vector<at::Tensor> all;
    for (std::int64_t i = 0; i < params.submodels; ++i) {
      at::Tensor x = inputs(dense);
      for (std::size_t layer = 0; layer < params.hidden.size(); ++layer) {
        const std::string name = "layers." + std::to_string(layer);
        const at::Tensor weight =
            of(name + ".inputs")[i].unsqueeze(1) * of(name + ".weight") * of(name + ".outputs")[i].unsqueeze(0);
        x = ((x.unsqueeze(-1) * weight).sum(1) + of(name + ".bias")[i]).clamp_min(0);
      }
      all.push_back((x.unsqueeze(-1) * of("head.weight")[i]).sum(1) + of("head.bias")[i]);
    }
    return at::stack(all);
  }

  // Tokens of all features, and last the one that is read.
  std::vector<at::Tensor> tokens(const at::Tensor& dense) const {
    const std::vector<std::pair<int, int>> columns = {{0, 5}, {5, 3}, {8, 5}, {13, 2}};
    std::vector<at::Tensor> result;
    for (std::size_t f = 0; f < columns.size(); ++f) {
      at::Tensor token = of("tokens.bias")[static_cast<std::int64_t>(f)].unsqueeze(0).expand({dense.size(0), -1});
      for (int c = columns[f].first; c < columns[f].first + columns[f].second; ++c)
        token = token + dense.select(1, c).unsqueeze(1) * of("tokens.weight")[c].unsqueeze(0);
      result.push_back(token);
    }
    result.push_back(of("tokens.read").unsqueeze(0).expand({dense.size(0), -1}));
    return result;
  }

  at::Tensor attended(const std::string& name, const std::vector<at::Tensor>& read, std::size_t reader) const {
    const std::int64_t size = params.width / params.heads;
    std::vector<at::Tensor> by_head;
    for (std::int64_t head = 0; head < params.heads; ++head) {
      const auto part = [&](const char* what, const at::Tensor& token) {
        return linear(name + what, token).narrow(1, head * size, size);
      };
      const at::Tensor query = part(".query", read[reader]);
      at::Tensor sum, weights;
      for (const at::Tensor& token : read) {
        const at::Tensor weight =
            ((query * part(".key", token)).sum(1, true) / std::sqrt(static_cast<double>(size))).exp();
        const at::Tensor value = weight * part(".value", token);
        sum = sum.defined() ? sum + value : value;
        weights = weights.defined() ? weights + weight : weight;
      }
      by_head.push_back(sum / weights);
    }
    return linear(name + ".outer", at::cat(by_head, 1));
  }

  at::Tensor ft_transformer(const at::Tensor& dense) const {
    std::vector<at::Tensor> x = tokens(dense);
    for (std::int64_t block = 0; block < params.blocks; ++block) {
      const std::string name = "blocks." + std::to_string(block);
      std::vector<at::Tensor> read = x, next;
      if (block > 0)
        for (at::Tensor& token : read) token = norm(name + ".attention.norm", token);
      for (std::size_t reader = 0; reader < x.size(); ++reader) {
        const at::Tensor own_next = x[reader] + attended(name + ".attention", read, reader);
        const at::Tensor inner = linear(name + ".inner", norm(name + ".norm", own_next));
        const at::Tensor gated = inner.narrow(1, 0, params.inner_width) *
                                 inner.narrow(1, params.inner_width, params.inner_width).clamp_min(0);
        next.push_back(own_next + linear(name + ".outer", gated));
      }
      x = next;
    }
    return linear("head", norm("norm", x.back()).clamp_min(0)).unsqueeze(0);
  }

  at::Tensor logits(const at::Tensor& dense) const {
    if (params.kind == "residual_mlp") return residual_mlp(dense);
    return params.kind == "tabm" ? tabm(dense) : ft_transformer(dense);
  }
};

}  // namespace equipoise::models
