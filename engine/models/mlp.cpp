#include "engine/models/mlp.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <cmath>

#include "engine/core/seed.h"
#include "engine/models/products.h"
#include "kernels/activate/activate.h"
#include "kernels/logit_layer/logit_layer.h"

namespace equipoise::models {
namespace {

constexpr std::int64_t kRowsPerScoreBlock = 512;            // on the CPU, where activations stay in the cache
constexpr std::int64_t kUnitsTogether = 256;                // of the widest layers of members that go side by side
constexpr std::int64_t kRowsPerDeviceScoreBlock = 1 << 16;  // of all members together

}  // namespace

Mlp::Mlp(std::string kind, std::vector<std::int64_t> hidden, double dropout, std::int64_t embedding_size,
         const data::EncodedRows& layout, const std::vector<std::uint64_t>& seeds, const at::Device& device,
         Precision precision, std::int64_t outputs)
    : Network(seeds, device),
      kind_(std::move(kind)),
      widths_(std::move(hidden)),
      inputs_(layout.width),
      rate_256_(dropout_rate_256(dropout)),
      precision_(precision),
      first_(layout, widths_.empty() ? outputs : widths_.front(), embedding_size) {
  widths_.push_back(outputs);
  std::vector<ParameterShape> shapes;
  first_.declare(shapes);
  const std::size_t first_dense = shapes.size();
  for (std::size_t layer = 1; layer < widths_.size(); ++layer) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(widths_[layer - 1]));
    const std::string name = "layers." + std::to_string(layer);
    shapes.push_back({name + ".weight", {widths_[layer - 1], widths_[layer]}, bound});
    shapes.push_back({name + ".bias", {widths_[layer]}, bound});
  }
  lay_out(shapes, seeds, device, precision == Precision::bf16 ? at::kBFloat16 : at::kFloat);
  first_.bind(flat_);
  for (std::size_t i = first_dense; i < shapes.size(); i += 2) {
    dense_.push_back({flat_.views[i], flat_.gradient_views[i], flat_.operand_views[i], flat_.views[i + 1],
                      flat_.gradient_views[i + 1]});
  }
}

void Mlp::make_room(std::int64_t batch) {
  if (!outputs_.empty() && outputs_.front().size(1) == batch) return;
  outputs_.clear();
  gradients_.clear();
  for (std::size_t layer = 0; layer + 1 < widths_.size(); ++layer) {
    outputs_.push_back(at::empty({members(), batch, widths_[layer]}, flat_.operands.options()));
    gradients_.push_back(at::empty_like(outputs_[layer]));
  }
  outputs_.push_back(at::empty({members(), batch, widths_.back()}, flat_.values.options()));
  logits_ = outputs() == 1 ? outputs_.back().squeeze(2) : outputs_.back();
  if (dense_.empty() || outputs() > 1) {
    if (precision_ == Precision::bf16) top_gradient_ = at::empty_like(logits_, flat_.operands.options());
    if (flat_.values.is_cuda()) ones_ = at::ones({batch}, logits_.options());
  } else {
    partials_ =
        kernels::make_logit_layer_partials(members(), batch, widths_[widths_.size() - 2], flat_.values.device());
  }
}

// Of `tasks` of one member each, how many a thread takes as one: narrow members go side by side, so that rows are decoded once for
// them and their layers are one call each, and no thread is left without a task.
std::int64_t Mlp::together(std::int64_t tasks) const {
  const std::int64_t widest = *std::max_element(widths_.begin(), widths_.end());
  return std::max<std::int64_t>(1, std::min(kUnitsTogether / widest, tasks / at::get_num_threads()));
}

// On the CPU a member of a bank, or a few narrow ones, goes through its layers on one thread, so that its activations stay in the
// cache; a lone member's layers are cut over the threads instead. The bits are the same.
void Mlp::for_each_slice(const std::function<void(MemberSlice)>& work) const {
  if (flat_.values.is_cuda())
    work({});
  else
    each_slice(members(), together(members()), work);
}

const at::Tensor& Mlp::forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step) {
  make_room(rows.size(0));
  const ProductSettings settings(precision_, flat_.values.device());
  flat_.refresh_operands();
  for_each_slice([&](MemberSlice slice) { forward_slice(encoded, rows, step, slice); });
  return logits_;
}

// What outputs_[layer] lacks: in the first layer, where its product does not add the bias itself; in the others always.
std::optional<at::Tensor> Mlp::left_bias(std::size_t layer, MemberSlice slice) const {
  if (layer == 0) return first_.left_bias(slice);
  return slice.of(dense_[layer - 1].bias);
}

void Mlp::forward_slice(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step,
                        MemberSlice slice) {
  first_.refresh(encoded, slice);
  at::Tensor below = slice.of(outputs_[0]);
  first_.forward(below, encoded, rows, slice);
  for (std::size_t layer = 0; layer < dense_.size(); ++layer) {
    kernels::activate_(below, left_bias(layer, slice),
                       {slice.of(seeds_), step, static_cast<std::int64_t>(layer), rate_256_, encoded.first_slot});
    at::Tensor above = slice.of(outputs_[layer + 1]);
    rows_product(above, below, slice.of(dense_[layer].operand));
    below = above;
  }
  if (const auto bias = left_bias(dense_.size(), slice)) below.add_(bias->unsqueeze(1));
}

void Mlp::backward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& logit_gradient) {
  const ProductSettings settings(precision_, flat_.values.device());
  if (top_gradient_.defined()) top_gradient_.copy_(logit_gradient);
  for_each_slice([&](MemberSlice slice) { backward_slice(encoded, rows, logit_gradient, slice); });
}

void Mlp::backward_slice(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& logit_gradient,
                         MemberSlice slice) {
  const auto by_output = [&](const at::Tensor& gradient) { return outputs() == 1 ? gradient.unsqueeze(2) : gradient; };
  const at::Tensor own_gradient = slice.of(logit_gradient);
  at::Tensor gradient = by_output(top_gradient_.defined() ? slice.of(top_gradient_) : own_gradient);
  for (std::size_t layer = dense_.size(); layer-- > 0;) {
    const Dense& dense = dense_[layer];
    at::Tensor weight_gradient = slice.of(dense.weight_gradient), below = slice.of(gradients_[layer]);
    const at::Tensor output = slice.of(outputs_[layer]);
    // The rectifier's pass also sums the gradient over rows: the bias gradient of the layer below. The first layer sums
    // its own.
    std::optional<at::Tensor> below_bias;
    if (layer > 0) below_bias = slice.of(dense_[layer - 1].bias_gradient);
    if (layer + 1 == dense_.size()) {
      at::Tensor bias_gradient = slice.of(dense.bias_gradient).squeeze(1);
      if (own_gradient.is_cuda() && outputs() == 1) {
        at::Tensor column = weight_gradient.squeeze(2);
        kernels::logit_layer_backward_out(below, column, bias_gradient, below_bias, partials_, own_gradient,
                                          slice.of(dense.operand).squeeze(2), output, rate_256_);
        gradient = below;
        continue;
      }
      if (own_gradient.is_cuda())
        column_sums(bias_gradient, own_gradient, ones_);
      else
        sum_over_rows(bias_gradient, by_output(own_gradient));
    }
    columns_product(weight_gradient, output, gradient);
    rows_product_transposed(below, gradient, slice.of(dense.operand));
    kernels::activate_backward_(below, output, below_bias, rate_256_);
    gradient = below;
  }
  first_.backward(encoded, rows, gradient, slice);
}

// On CUDA kept from block to block, so that a graph may hold them; on the CPU blocks are made by several threads at a time.
at::Tensor Mlp::score_output(std::size_t layer, std::int64_t members, std::int64_t rows) {
  const std::int64_t width = widths_[layer], numbers = members * rows * width;
  if (!flat_.values.is_cuda()) return at::empty({members, rows, width}, flat_.values.options());
  score_outputs_.resize(widths_.size());
  at::Tensor& room = score_outputs_[layer];
  if (!room.defined() || room.numel() < numbers) room = at::empty({numbers}, flat_.values.options());
  return room.narrow(0, 0, numbers).view({members, rows, width});
}

void Mlp::score_block(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor out) {
  const std::int64_t members = out.size(0), rows = out.size(1);
  at::Tensor below = score_output(0, members, rows);
  first_.forward_range(below, encoded, first, slice);
  for (std::size_t layer = 0; layer < dense_.size(); ++layer) {
    kernels::activate_(below, left_bias(layer, slice), {});
    at::Tensor above = score_output(layer + 1, members, rows);
    rows_product(above, below, slice.of(dense_[layer].weight));
    below = above;
  }
  if (const auto bias = left_bias(dense_.size(), slice)) below.add_(bias->unsqueeze(1));
  out.copy_(outputs() == 1 ? below.squeeze(2) : below);
}

// What is measured and promised is what the fp32 parameters do, in every precision of training.
void Mlp::score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) {
  const ProductSettings exact(Precision::fp32, flat_.values.device());
  const std::int64_t rows = out.size(1), asked = out.size(0);
  const std::int64_t rows_per_block =
      out.is_cuda() ? std::max(kRowsPerScoreBlock, kRowsPerDeviceScoreBlock / asked) : kRowsPerScoreBlock;
  const std::int64_t blocks = (rows + rows_per_block - 1) / rows_per_block;
  const auto part = [&](std::int64_t block) {
    const std::int64_t from = block * rows_per_block;
    return std::pair(from, std::min(rows_per_block, rows - from));
  };
  if (out.is_cuda()) {
    first_.refresh(encoded, slice);
    for (std::int64_t block = 0; block < blocks; ++block) {
      const auto [from, count] = part(block);
      score_block(encoded, first + from, slice, out.narrow(1, from, count));
    }
    return;
  }
  const std::int64_t size = together(asked * blocks), groups = (asked + size - 1) / size;
  const auto size_of = [&](std::int64_t group) { return std::min(size, asked - group * size); };
  at::parallel_for(0, groups, 1, [&](std::int64_t begin, std::int64_t end) {
    const NoAutograd no_autograd;
    for (std::int64_t group = begin; group < end; ++group)
      first_.refresh(encoded, slice.part(group * size, size_of(group)));
  });
  // All blocks of a group, then the next: its weights stay in the cache.
  at::parallel_for(0, groups * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    const NoAutograd no_autograd;
    for (std::int64_t task = begin; task < end; ++task) {
      const auto [from, count] = part(task % blocks);
      const std::int64_t first_asked = task / blocks * size, members = size_of(task / blocks);
      score_block(encoded, first + from, slice.part(first_asked, members),
                  out.narrow(0, first_asked, members).narrow(1, from, count));
    }
  });
}

std::string Mlp::description() const {
  std::string shape = std::to_string(inputs_);
  for (const std::int64_t width : widths_) shape += "-" + std::to_string(width);
  return kind_ + " " + shape + ", " + parameter_count(*this);
}

}  // namespace equipoise::models
