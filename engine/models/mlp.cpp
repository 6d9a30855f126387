#include "engine/models/mlp.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "engine/core/seed.h"
#include "engine/models/products.h"
#include "kernels/activate/activate.h"

namespace equipoise::models {
namespace {

constexpr std::int64_t kRowsPerScoreBlock = 512;

at::Tensor dropout_seeds(const std::vector<std::uint64_t>& seeds, const at::Device& device) {
  at::Tensor host = at::empty({static_cast<std::int64_t>(seeds.size())}, at::kLong);
  for (std::size_t k = 0; k < seeds.size(); ++k) {
    host.data_ptr<std::int64_t>()[k] = static_cast<std::int64_t>(core::seed_for(seeds[k], "dropout"));
  }
  return host.to(device);
}

// Of a [K, B] gradient over B, in the order of rows whatever the number of threads.
void sum_over_rows(at::Tensor& out, const at::Tensor& gradient) {
  if (gradient.is_cuda()) {
    at::sum_out(out, gradient, {1}, true);
    return;
  }
  for (std::int64_t member = 0; member < gradient.size(0); ++member) {
    const float* values = gradient.const_data_ptr<float>() + member * gradient.size(1);
    double sum = 0;
    for (std::int64_t i = 0; i < gradient.size(1); ++i) sum += values[i];
    out.data_ptr<float>()[member * out.stride(0)] = static_cast<float>(sum);
  }
}

std::string with_thousands(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::int64_t at = static_cast<std::int64_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

}  // namespace

Mlp::Mlp(std::string kind, std::vector<std::int64_t> hidden, double dropout, std::int64_t embedding_size,
         const data::EncodedRows& layout, const std::vector<std::uint64_t>& seeds, const at::Device& device)
    : kind_(std::move(kind)),
      widths_(std::move(hidden)),
      inputs_(layout.width),
      rate_256_(std::clamp<std::int64_t>(std::llround(dropout * 256), 0, 255)),
      first_(layout, widths_.empty() ? 1 : widths_.front(), embedding_size),
      seeds_(dropout_seeds(seeds, device)) {
  widths_.push_back(1);
  std::vector<ParameterShape> shapes;
  first_.declare(shapes);
  const std::size_t first_dense = shapes.size();
  for (std::size_t layer = 1; layer < widths_.size(); ++layer) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(widths_[layer - 1]));
    const std::string name = "layers." + std::to_string(layer);
    shapes.push_back({name + ".weight", {widths_[layer - 1], widths_[layer]}, bound});
    shapes.push_back({name + ".bias", {widths_[layer]}, bound});
  }
  flat_ = make_parameters(shapes, seeds, device);
  for (std::size_t i = 0; i < shapes.size(); ++i) named_.push_back({shapes[i].name, flat_.views[i]});
  first_.bind(flat_);
  for (std::size_t i = first_dense; i < shapes.size(); i += 2) {
    dense_.push_back({flat_.views[i], flat_.gradient_views[i], flat_.views[i + 1], flat_.gradient_views[i + 1]});
  }
}

void Mlp::make_room(std::int64_t batch) {
  if (!outputs_.empty() && outputs_.front().size(1) == batch) return;
  outputs_.clear();
  gradients_.clear();
  for (const std::int64_t width : widths_) {
    outputs_.push_back(at::empty({members(), batch, width}, flat_.values.options()));
  }
  for (std::size_t layer = 0; layer + 1 < widths_.size(); ++layer) {
    gradients_.push_back(at::empty_like(outputs_[layer]));
  }
  logits_ = outputs_.back().squeeze(2);
}

const at::Tensor& Mlp::forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step) {
  make_room(rows.size(0));
  first_.refresh(encoded);
  first_.forward(outputs_[0], encoded, rows);
  for (std::size_t layer = 0; layer < dense_.size(); ++layer) {
    // The first layer's product has its bias already; later ones get it here.
    const std::optional<at::Tensor> bias = layer == 0 ? std::nullopt : std::optional(dense_[layer - 1].bias);
    kernels::activate_(outputs_[layer], bias, {seeds_, step, static_cast<std::int64_t>(layer), rate_256_});
    rows_product(outputs_[layer + 1], outputs_[layer], dense_[layer].weight);
  }
  if (!dense_.empty()) outputs_.back().add_(dense_.back().bias.unsqueeze(1));
  return logits_;
}

void Mlp::backward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& logit_gradient) {
  at::Tensor gradient = logit_gradient.unsqueeze(2);
  for (std::size_t layer = dense_.size(); layer-- > 0;) {
    Dense& dense = dense_[layer];
    columns_product(dense.weight_gradient, outputs_[layer], gradient);
    rows_product_transposed(gradients_[layer], gradient, dense.weight);
    // The rectifier's pass also sums the gradient over rows: the bias gradient of the layer below. The first layer sums
    // its own.
    kernels::activate_backward_(gradients_[layer], outputs_[layer],
                                layer == 0 ? std::nullopt : std::optional(dense_[layer - 1].bias_gradient), rate_256_);
    gradient = gradients_[layer];
  }
  if (!dense_.empty()) sum_over_rows(dense_.back().bias_gradient, logit_gradient);
  first_.backward(encoded, rows, gradient);
}

void Mlp::score_block(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor out) {
  const std::int64_t members = out.size(0), rows = out.size(1);
  at::Tensor below = at::empty({members, rows, widths_[0]}, flat_.values.options());
  first_.forward_range(below, encoded, first, slice);
  for (std::size_t layer = 0; layer < dense_.size(); ++layer) {
    const std::optional<at::Tensor> bias = layer == 0 ? std::nullopt : std::optional(slice.of(dense_[layer - 1].bias));
    kernels::activate_(below, bias, {});
    at::Tensor above = at::empty({members, rows, widths_[layer + 1]}, flat_.values.options());
    rows_product(above, below, slice.of(dense_[layer].weight));
    below = above;
  }
  if (!dense_.empty()) below.add_(slice.of(dense_.back().bias).unsqueeze(1));
  out.copy_(below.squeeze(2));
}

void Mlp::score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) {
  first_.refresh(encoded);
  const std::int64_t rows = out.size(1);
  const std::int64_t blocks = (rows + kRowsPerScoreBlock - 1) / kRowsPerScoreBlock;
  const auto run = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t from = block * kRowsPerScoreBlock;
      const std::int64_t count = std::min(kRowsPerScoreBlock, rows - from);
      score_block(encoded, first + from, slice, out.narrow(1, from, count));
    }
  };
  if (out.is_cuda()) {
    run(0, blocks);
  } else {
    at::parallel_for(0, blocks, 1, run);
  }
}

std::string Mlp::description() const {
  std::string shape = std::to_string(inputs_);
  for (const std::int64_t width : widths_) shape += "-" + std::to_string(width);
  std::int64_t count = 0;
  for (const NamedTensor& parameter : named_) count += parameter.value.numel() / members();
  return kind_ + " " + shape + ", " + with_thousands(count) + " parameters";
}

}  // namespace equipoise::models
