#include "engine/models/convnet.h"

#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/models/products.h"
#include "kernels/activate/activate.h"

namespace equipoise::models {
namespace {

constexpr std::int64_t kPicturesPerTask = 16;
constexpr std::int64_t kPicturesPerScoreBlock = 32;

MapShape map_above(const MapShape& below, std::int64_t channels) {
  return {channels, below.window_rows(), below.window_columns()};
}

// windows [1, B * P, in] of maps [..., B pictures].
void cut(const at::Tensor& maps, const MapShape& shape, MapOrder order, at::Tensor windows) {
  const float* from = maps.const_data_ptr<float>();
  float* to = windows.mutable_data_ptr<float>();
  const std::int64_t of_a_picture = shape.windows() * shape.window_size(), pictures = windows.numel() / of_a_picture;
  at::parallel_for(0, pictures, kPicturesPerTask, [&](std::int64_t begin, std::int64_t end) {
    cut_windows(from + begin * shape.size(), shape, order, end - begin, to + begin * of_a_picture);
  });
}

void join(const at::Tensor& windows, const MapShape& shape, at::Tensor maps) {
  const float* from = windows.const_data_ptr<float>();
  float* to = maps.mutable_data_ptr<float>();
  const std::int64_t of_a_picture = shape.windows() * shape.window_size(), pictures = windows.numel() / of_a_picture;
  at::parallel_for(0, pictures, kPicturesPerTask, [&](std::int64_t begin, std::int64_t end) {
    join_windows(from + begin * of_a_picture, shape, end - begin, to + begin * shape.size());
  });
}

}  // namespace

Convnet::Convnet(std::vector<std::int64_t> channels, double dropout, const data::ImageRows& images,
                 const std::vector<std::uint64_t>& seeds, std::int64_t outputs)
    : Network(seeds, at::kCPU), outputs_(outputs), rate_256_(dropout_rate_256(dropout)) {
  std::vector<ParameterShape> shapes;
  const auto declare = [&](const std::string& name, std::int64_t inputs, std::int64_t own) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(inputs));
    shapes.push_back({name + ".weight", {inputs, own}, bound});
    shapes.push_back({name + ".bias", {own}, bound});
  };
  MapShape below{images.channels, images.height, images.width};
  for (const std::int64_t own : channels) {
    declare("convolutions." + std::to_string(layers_.size()), below.window_size(), own);
    layers_.emplace_back();
    layers_.back().below = below;
    layers_.back().channels = own;
    below = map_above(below, own);
  }
  declare("dense", below.size(), outputs);
  lay_out(shapes, seeds, at::kCPU);
  const auto bound_at = [&](std::size_t i) {
    return Weights{flat_.views[i], flat_.gradient_views[i], flat_.views[i + 1], flat_.gradient_views[i + 1]};
  };
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) layers_[layer].weights = bound_at(2 * layer);
  dense_ = bound_at(2 * layers_.size());
}

void Convnet::make_room(std::int64_t batch) {
  if (pictures_.defined() && pictures_.size(0) == batch) return;
  const MapShape& picture = layers_.front().below;
  pictures_ = at::empty({batch, picture.channels, picture.height, picture.width}, flat_.values.options());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = layers_[i];
    const std::int64_t places = batch * layer.below.windows();
    layer.windows = at::empty({i == 0 ? 1 : members(), places, layer.below.window_size()}, flat_.values.options());
    if (i > 0) layer.windows_gradient = at::empty_like(layer.windows);
    layer.activations = at::empty({members(), places, layer.channels}, flat_.values.options());
    layer.gradients = at::empty_like(layer.activations);
    layer.parts = at::empty({members(), long_product_parts(places), layer.below.window_size(), layer.channels},
                            flat_.values.options());
  }
  scores_ = at::empty({members(), batch, outputs_}, flat_.values.options());
  logits_ = outputs_ == 1 ? scores_.squeeze(2) : scores_;
}

// [1, B, inputs of the dense layer] from [1, B * P, channels].
at::Tensor Convnet::rows_of_top(const at::Tensor& of_places) const {
  return of_places.view({1, -1, dense_.weight.size(1)});
}

const at::Tensor& Convnet::forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step) {
  make_room(rows.size(0));
  kernels::image_augment_out(pictures_, encoded.images, rows, encoded.image_recipes, encoded.image_seed, step);
  cut(pictures_, layers_.front().below, MapOrder::by_channel, layers_.front().windows);
  each_slice(members(), 1, [&](MemberSlice slice) { forward_member(step, encoded.first_slot, slice); });
  return logits_;
}

void Convnet::forward_member(const at::Tensor& step, std::int64_t first_slot, MemberSlice slice) {
  at::Tensor maps;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const at::Tensor windows = i == 0 ? layer.windows : slice.of(layer.windows);
    if (i > 0) cut(maps, layer.below, MapOrder::by_place, windows);
    maps = slice.of(layer.activations);
    rows_product(maps, windows, slice.of(layer.weights.weight));
    kernels::activate_(maps, slice.of(layer.weights.bias),
                       {slice.of(seeds_), step, static_cast<std::int64_t>(i), is_top(i) ? rate_256_ : 0,
                        first_slot * layer.below.windows()});
  }
  at::Tensor scores = slice.of(scores_);
  rows_product(scores, rows_of_top(maps), slice.of(dense_.weight));
  scores.add_(slice.of(dense_.bias).unsqueeze(1));
}

void Convnet::backward(const EncodedTensors&, const at::Tensor&, const at::Tensor& logit_gradient) {
  const at::Tensor by_output = outputs_ == 1 ? logit_gradient.unsqueeze(2) : logit_gradient;
  each_slice(members(), 1, [&](MemberSlice slice) { backward_member(slice.of(by_output), slice); });
}

void Convnet::backward_member(const at::Tensor& logit_gradient, MemberSlice slice) {
  at::Tensor bias_gradient = slice.of(dense_.bias_gradient), weight_gradient = slice.of(dense_.weight_gradient);
  at::Tensor gradients = slice.of(layers_.back().gradients), below = rows_of_top(gradients);
  sum_over_rows(bias_gradient, logit_gradient);
  columns_product(weight_gradient, rows_of_top(slice.of(layers_.back().activations)), logit_gradient);
  rows_product_transposed(below, logit_gradient, slice.of(dense_.weight));
  for (std::size_t i = layers_.size(); i-- > 0;) {
    const Layer& layer = layers_[i];
    kernels::activate_backward_(gradients, slice.of(layer.activations), slice.of(layer.weights.bias_gradient),
                                is_top(i) ? rate_256_ : 0);
    weight_gradient = slice.of(layer.weights.weight_gradient);
    at::Tensor parts = slice.of(layer.parts).select(0, 0);
    long_columns_product(weight_gradient, parts, i == 0 ? layer.windows : slice.of(layer.windows), gradients);
    if (i == 0) return;
    at::Tensor windows_gradient = slice.of(layer.windows_gradient);
    rows_product_transposed(windows_gradient, gradients, slice.of(layer.weights.weight));
    gradients = slice.of(layers_[i - 1].gradients);
    join(windows_gradient, layer.below, gradients);
  }
}

Convnet::ScoreRoom Convnet::room_for(std::int64_t pictures) const {
  const auto options = flat_.values.options();
  const MapShape& picture = layers_.front().below;
  ScoreRoom room;
  room.pictures = at::empty({pictures, picture.channels, picture.height, picture.width}, options);
  for (const Layer& layer : layers_) {
    const std::int64_t places = pictures * layer.below.windows();
    room.windows.push_back(at::empty({1, places, layer.below.window_size()}, options));
    room.maps.push_back(at::empty({1, places, layer.channels}, options));
  }
  room.scores = at::empty({1, pictures, outputs_}, options);
  return room;
}

void Convnet::score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) {
  const std::int64_t rows = out.size(1), asked = out.size(0);
  const std::int64_t blocks = (rows + kPicturesPerScoreBlock - 1) / kPicturesPerScoreBlock;
  const at::Tensor no_step = at::zeros({1}, at::kLong);
  // Pictures once for all members.
  at::parallel_for(0, blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    const NoAutograd no_autograd;
    ScoreRoom room;
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t from = block * kPicturesPerScoreBlock, count = std::min(kPicturesPerScoreBlock, rows - from);
      if (!room.pictures.defined() || room.pictures.size(0) != count) room = room_for(count);
      kernels::image_augment_out(room.pictures, encoded.images,
                                 at::arange(first + from, first + from + count, at::kLong), std::nullopt, 0, no_step);
      cut(room.pictures, layers_.front().below, MapOrder::by_channel, room.windows.front());
      for (std::int64_t i = 0; i < asked; ++i)
        score_pictures(room, slice.part(i, 1), out.narrow(0, i, 1).narrow(1, from, count));
    }
  });
}

void Convnet::score_pictures(const ScoreRoom& room, MemberSlice slice, at::Tensor out) const {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    if (i > 0) cut(room.maps[i - 1], layer.below, MapOrder::by_place, room.windows[i]);
    at::Tensor maps = room.maps[i];
    rows_product(maps, room.windows[i], slice.of(layer.weights.weight));
    kernels::activate_(maps, slice.of(layer.weights.bias), {});
  }
  at::Tensor scores = room.scores;
  rows_product(scores, rows_of_top(room.maps.back()), slice.of(dense_.weight));
  scores.add_(slice.of(dense_.bias).unsqueeze(1));
  out.copy_(outputs_ == 1 ? scores.squeeze(2) : scores);
}

std::string Convnet::description() const {
  const MapShape& picture = layers_.front().below;
  std::string shape =
      std::to_string(picture.channels) + "x" + std::to_string(picture.height) + "x" + std::to_string(picture.width);
  for (const Layer& layer : layers_) {
    const MapShape above = map_above(layer.below, layer.channels);
    shape +=
        "-" + std::to_string(above.channels) + "x" + std::to_string(above.height) + "x" + std::to_string(above.width);
  }
  return "convnet " + shape + "-" + std::to_string(outputs_) + ", " + parameter_count(*this);
}

}  // namespace equipoise::models
