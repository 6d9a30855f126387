#include "engine/models/first_layer.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "engine/models/products.h"
#include "kernels/gather/gather.h"

namespace equipoise::models {
namespace {

constexpr std::int64_t kRowAlignment = 8;  // components: 16 bytes in bf16, so that products read rows in whole words

std::int64_t aligned(std::int64_t width) {
  return (width + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
}

// A batch for each member of a bank, which they share.
at::Tensor shared(const at::Tensor& batch, std::int64_t members) {
  return batch.unsqueeze(0).expand({members, -1, -1});
}

}  // namespace

FirstLayer::FirstLayer(const data::EncodedRows& layout, std::int64_t outputs, std::int64_t embedding_size)
    : width_(layout.width), outputs_(outputs), embedding_size_(embedding_size) {
  for (const data::Feature& feature : layout.features) {
    if (feature.embedded) {
      embedded_.push_back({feature.offset, feature.width, {}, {}, {}, {}});
      embedded_names_.push_back(feature.name);
    } else if (!runs_.empty() && runs_.back().offset + runs_.back().width == feature.offset) {
      runs_.back().width += feature.width;
      packed_width_ += feature.width;
    } else {
      runs_.push_back({feature.offset, feature.width, packed_width_});
      packed_width_ += feature.width;
    }
  }
}

void FirstLayer::declare(std::vector<ParameterShape>& shapes) {
  first_parameter_ = shapes.size();
  const double bound = 1.0 / std::sqrt(static_cast<double>(width_));
  shapes.push_back({"layers.0.weight", {packed_width_, outputs_}, bound});
  shapes.push_back({"layers.0.bias", {outputs_}, bound});
  for (std::size_t i = 0; i < embedded_.size(); ++i) {
    const std::string name = "embeddings." + embedded_names_[i];
    shapes.push_back({name + ".table", {embedded_[i].levels, embedding_size_}, std::sqrt(3.0)});
    shapes.push_back({name + ".map", {embedding_size_, outputs_}, bound});
  }
}

void FirstLayer::bind(const FlatParameters& parameters) {
  std::size_t next = first_parameter_;
  const auto take = [&](at::Tensor& value, at::Tensor& gradient) {
    value = parameters.views[next];
    gradient = parameters.gradient_views[next];
    ++next;
  };
  take(packed_, packed_gradient_);
  take(bias_, bias_gradient_);
  for (Embedded& embedded : embedded_) {
    take(embedded.table, embedded.table_gradient);
    take(embedded.map, embedded.map_gradient);
  }
  const at::Tensor& operands = parameters.operand_views[first_parameter_];
  if (embedded_.empty()) {
    weight_ = packed_;
    weight_gradient_ = packed_gradient_;
    operand_ = operands;
  } else {
    weight_ = at::empty({packed_.size(0), width_, outputs_}, packed_.options());
    weight_gradient_ = at::empty_like(weight_);
    operand_ = operands.scalar_type() == at::kFloat ? weight_ : at::empty_like(weight_, operands.options());
  }
  if (!weight_.is_cpu()) return;
  ramp_sums_ = at::zeros_like(weight_);
  ramp_gradient_ = at::empty_like(weight_);
}

void FirstLayer::refresh(const kernels::EncodedTensors& encoded, MemberSlice slice) {
  const at::Tensor weight = slice.of(weight_);
  if (!embedded_.empty()) {
    const at::Tensor packed = slice.of(packed_);
    for (const Run& run : runs_) {
      weight.narrow(1, run.offset, run.width).copy_(packed.narrow(1, run.packed, run.width));
    }
  }
  for (const Embedded& embedded : embedded_) {
    at::Tensor target = weight.narrow(1, embedded.offset, embedded.levels);
    rows_product(target, slice.of(embedded.table), slice.of(embedded.map));
  }
  if (!embedded_.empty() && !operand_.is_same(weight_)) slice.of(operand_).copy_(weight);
  if (!weight.is_cpu()) return;
  at::Tensor ramp_sums = slice.of(ramp_sums_);
  kernels::encoded_ramp_sums_out(ramp_sums, encoded, weight);
}

void FirstLayer::make_room(std::int64_t batch) {
  if (dense_rows_.defined() && dense_rows_.size(0) == batch) return;
  gathered_ = at::empty({batch, aligned(width_)}, operand_.options());
  dense_rows_ = gathered_.narrow(1, 0, width_);
  ones_ = at::ones({batch}, operand_.options());
}

void FirstLayer::make_range_room(std::int64_t count) {
  if (range_rows_.defined() && range_rows_.size(0) >= count) return;
  range_rows_ = at::empty({count}, weight_.options().dtype(at::kLong));
  range_gathered_ = at::empty({count, aligned(width_)}, weight_.options());
}

void FirstLayer::forward(at::Tensor& out, const kernels::EncodedTensors& encoded, const at::Tensor& rows,
                         MemberSlice slice) {
  if (out.is_cuda()) {
    make_room(rows.size(0));
    kernels::gather_out(gathered_, encoded.codes, encoded.values, encoded.layout, rows,
                        {encoded.partners, encoded.parts});
    rows_product(out, shared(dense_rows_, out.size(0)), slice.of(operand_));
  } else {
    kernels::encoded_linear_out(out, encoded, rows, slice.of(weight_), slice.of(ramp_sums_), slice.of(bias_));
  }
}

void FirstLayer::forward_range(at::Tensor& out, const kernels::EncodedTensors& encoded, std::int64_t first,
                               MemberSlice slice) {
  if (out.is_cuda()) {
    const std::int64_t count = out.size(1);
    make_range_room(count);
    at::Tensor rows = range_rows_.narrow(0, 0, count), gathered = range_gathered_.narrow(0, 0, count);
    at::arange_out(rows, first, first + count, 1);
    kernels::gather_out(gathered, encoded.codes, encoded.values, encoded.layout, rows);
    rows_product(out, shared(gathered.narrow(1, 0, width_), out.size(0)), slice.of(weight_));
  } else {
    kernels::encoded_linear_range_out(out, encoded, first, slice.of(weight_), slice.of(ramp_sums_), slice.of(bias_));
  }
}

std::optional<at::Tensor> FirstLayer::left_bias(MemberSlice slice) const {
  if (bias_.is_cpu()) return std::nullopt;
  return slice.of(bias_);
}

void FirstLayer::backward(const kernels::EncodedTensors& encoded, const at::Tensor& rows,
                          const at::Tensor& output_gradient, MemberSlice slice) {
  at::Tensor weight_gradient = slice.of(weight_gradient_), bias_gradient = slice.of(bias_gradient_);
  if (output_gradient.is_cuda()) {
    columns_product(weight_gradient, shared(dense_rows_, output_gradient.size(0)), output_gradient);
    column_sums(bias_gradient, output_gradient, ones_);
  } else {
    at::Tensor ramp_gradient = slice.of(ramp_gradient_);
    kernels::encoded_linear_backward_out(weight_gradient, bias_gradient, ramp_gradient, encoded, rows, output_gradient);
  }
  if (embedded_.empty()) return;
  const at::Tensor packed_gradient = slice.of(packed_gradient_);
  for (const Run& run : runs_) {
    packed_gradient.narrow(1, run.packed, run.width).copy_(weight_gradient.narrow(1, run.offset, run.width));
  }
  for (Embedded& embedded : embedded_) {
    const at::Tensor gradient = weight_gradient.narrow(1, embedded.offset, embedded.levels);
    at::Tensor table_gradient = slice.of(embedded.table_gradient), map_gradient = slice.of(embedded.map_gradient);
    rows_product_transposed(table_gradient, gradient, slice.of(embedded.map));
    columns_product(map_gradient, slice.of(embedded.table), gradient);
  }
}

}  // namespace equipoise::models
