#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/models/architecture.h"

namespace equipoise::models {

/// Layers of architectures. Each is declared once, and its parameters are then taken from a pass in the order of the declarations.

/// The parameters of a pass, one after the other.
class InOrder {
 public:
  explicit InOrder(const Pass& pass) : parameters_(pass.parameters) {}
  const at::Tensor& next() { return parameters_[place_++]; }

 private:
  const std::vector<at::Tensor>& parameters_;
  std::size_t place_ = 0;
};

/// x [..., in] W + b, W [in, out].
void declare_linear(std::vector<ParameterShape>& shapes, const std::string& name, std::int64_t inputs,
                    std::int64_t outputs);
at::Tensor linear(InOrder& own, const at::Tensor& x);

/// Layer norm (Ba, Kiros, Hinton 2016) of the last of x's sizes, `width`.
void declare_norm(std::vector<ParameterShape>& shapes, const std::string& name, std::int64_t width);
at::Tensor norm(InOrder& own, const at::Tensor& x);

/// Dense rows [B, width] whose embedded categories have a learned vector in place of their components: [B, width()].
class InputColumns {
 public:
  InputColumns(const data::EncodedRows& layout, std::int64_t embedding_size);

  void declare(std::vector<ParameterShape>& shapes) const;
  at::Tensor of(InOrder& own, const at::Tensor& rows) const;
  std::int64_t width() const { return width_; }
  /// How many neighbouring columns each feature has.
  const std::vector<std::int64_t>& by_feature() const { return by_feature_; }

 private:
  // Neighbouring components: of one embedded category, or none.
  struct Run {
    std::int64_t offset, width;
    std::string embedded;  // its name, or ""
  };
  std::vector<Run> runs_;
  std::vector<std::int64_t> by_feature_;
  std::int64_t embedding_size_, width_ = 0;
};

}  // namespace equipoise::models
