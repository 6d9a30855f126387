#pragma once

#include <string>
#include <vector>

#include "engine/models/image_windows.h"
#include "engine/models/network.h"

namespace equipoise::models {

/// A small convolutional network on the pictures of rows: layers of windows of 3 x 3 places, two apart, each with a rectifier, and a dense
/// layer on the last of them, with dropout before it. A layer is a product of its windows, cut out side by side, with its weight: so its bits
/// hang on no number of threads, which a library's convolutions do not promise (docs/decisions/0021-images.md). On the CPU alone.
class Convnet final : public Network {
 public:
  /// `images` says what the pictures are like; its pixels are not looked at.
  Convnet(std::vector<std::int64_t> channels, double dropout, const data::ImageRows& images,
          const std::vector<std::uint64_t>& seeds, std::int64_t outputs);

  const at::Tensor& forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step) override;
  void backward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& logit_gradient) override;
  void score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) override;

  std::int64_t outputs() const override { return outputs_; }
  std::string description() const override;

 private:
  struct Weights {
    at::Tensor weight, weight_gradient;  // [K, in, out]
    at::Tensor bias, bias_gradient;      // [K, out]
  };
  // P windows of a picture.
  struct Layer {
    MapShape below;  // what it reads
    std::int64_t channels = 0;
    Weights weights;              // in: those of a window
    at::Tensor windows;           // [K, B * P, in]; of the first layer [1, ...], for all members see the same pictures
    at::Tensor windows_gradient;  // [K, B * P, in], but of the first layer
    at::Tensor activations, gradients;  // [K, B * P, channels]
    at::Tensor parts;                   // [K, parts, in, channels], of the weight's gradient
  };

  void make_room(std::int64_t batch);
  void forward_member(const at::Tensor& step, std::int64_t first_slot, MemberSlice slice);
  void backward_member(const at::Tensor& logit_gradient, MemberSlice slice);
  // What scoring a block of pictures takes; each thread has one.
  struct ScoreRoom {
    at::Tensor pictures;                    // [1, ...] as below
    std::vector<at::Tensor> windows, maps;  // [layers] [1, pictures * P, in] and [1, pictures * P, channels]
    at::Tensor scores;                      // [1, pictures, O]
  };
  ScoreRoom room_for(std::int64_t pictures) const;
  void score_pictures(const ScoreRoom& room, MemberSlice slice, at::Tensor out) const;
  at::Tensor rows_of_top(const at::Tensor& of_places) const;
  bool is_top(std::size_t layer) const { return layer + 1 == layers_.size(); }

  std::int64_t outputs_;
  std::int64_t rate_256_;
  std::vector<Layer> layers_;
  Weights dense_;
  at::Tensor pictures_;  // [B, C, H, W], normalised
  at::Tensor scores_;    // [K, B, O]
  at::Tensor logits_;    // a view of it, [K, B] with one output
};

}  // namespace equipoise::models
