#include "engine/models/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/layer_norm.h>

#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>

#include <cmath>

#include "kernels/activate/activate.h"

namespace equipoise::models {

at::Tensor Drops::operator()(const at::Tensor& x, std::int64_t layer) const {
  if (rate_256_ == 0 || !seed_.defined() || x.numel() == 0) return x;
  at::Tensor mask = at::ones({1, x.size(0), x.numel() / x.size(0)}, x.options().dtype(at::kFloat));
  kernels::activate_(mask, std::nullopt, {seed_, step_, layer, rate_256_, first_slot_});
  return x * mask.view(x.sizes()).to(x.scalar_type());
}

void declare_linear(std::vector<ParameterShape>& shapes, const std::string& name, std::int64_t inputs,
                    std::int64_t outputs) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(inputs));
  shapes.push_back({name + ".weight", {inputs, outputs}, bound});
  shapes.push_back({name + ".bias", {outputs}, bound});
}

at::Tensor linear(InOrder& own, const at::Tensor& x) {
  const at::Tensor &weight = own.next(), &bias = own.next();
  if (x.dim() == 2) return at::addmm(bias, x, weight);
  const at::Tensor rows = at::addmm(bias, x.flatten(0, -2), weight);
  std::vector<std::int64_t> sizes = x.sizes().vec();
  sizes.back() = weight.size(1);
  return rows.view(sizes);
}

void declare_norm(std::vector<ParameterShape>& shapes, const std::string& name, std::int64_t width) {
  shapes.push_back({name + ".weight", {width}, 1, Initial::constant});
  shapes.push_back({name + ".bias", {width}, 0, Initial::constant});
}

at::Tensor norm(InOrder& own, const at::Tensor& x) {
  const at::Tensor &weight = own.next(), &bias = own.next();
  return at::layer_norm(x, weight.sizes(), weight, bias);
}

InputColumns::InputColumns(const data::EncodedRows& layout, std::int64_t embedding_size)
    : embedding_size_(embedding_size) {
  std::int64_t covered = 0;
  for (const data::Feature& feature : layout.features) {
    by_feature_.push_back(feature.embedded ? embedding_size : feature.width);
    if (!feature.embedded) continue;
    if (feature.offset > covered) runs_.push_back({covered, feature.offset - covered, ""});
    runs_.push_back({feature.offset, feature.width, feature.name});
    covered = feature.offset + feature.width;
  }
  if (layout.width > covered) runs_.push_back({covered, layout.width - covered, ""});
  for (const Run& run : runs_) width_ += run.embedded.empty() ? run.width : embedding_size;
}

void InputColumns::declare(std::vector<ParameterShape>& shapes) const {
  for (const Run& run : runs_)
    if (!run.embedded.empty())
      shapes.push_back({"embeddings." + run.embedded + ".table", {run.width, embedding_size_}, std::sqrt(3.0)});
}

at::Tensor InputColumns::of(InOrder& own, const at::Tensor& rows) const {
  std::vector<at::Tensor> parts;
  for (const Run& run : runs_) {
    const at::Tensor part = rows.narrow(1, run.offset, run.width);
    parts.push_back(run.embedded.empty() ? part : at::mm(part, own.next()));
  }
  return parts.size() == 1 ? parts.front() : at::cat(parts, 1);
}

}  // namespace equipoise::models
