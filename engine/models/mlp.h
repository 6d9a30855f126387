#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine/models/first_layer.h"
#include "engine/models/network.h"
#include "engine/models/precision.h"

namespace equipoise::models {

/// Fully connected network with rectifiers and dropout; without hidden layers it is the linear model.
/// Forward and backward are written out, so that a step is a handful of passes over preallocated memory.
class Mlp final : public Network {
 public:
  Mlp(std::string kind, std::vector<std::int64_t> hidden, double dropout, std::int64_t embedding_size,
      const data::EncodedRows& layout, const std::vector<std::uint64_t>& seeds, const at::Device& device,
      Precision precision, std::int64_t outputs);

  const at::Tensor& forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step) override;
  void backward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& logit_gradient) override;
  void score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) override;

  std::int64_t outputs() const override { return widths_.back(); }
  std::string description() const override;

 private:
  struct Dense {                         // hidden or output layer after the first
    at::Tensor weight, weight_gradient;  // [K, in, out]
    at::Tensor operand;                  // [K, in, out], what training's products read of weight
    at::Tensor bias, bias_gradient;      // [K, out]
  };

  void make_room(std::int64_t batch);
  std::int64_t together(std::int64_t tasks) const;
  void for_each_slice(const std::function<void(MemberSlice)>& work) const;
  void forward_slice(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step, MemberSlice slice);
  void backward_slice(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& logit_gradient,
                      MemberSlice slice);
  std::optional<at::Tensor> left_bias(std::size_t layer, MemberSlice slice) const;
  at::Tensor score_output(std::size_t layer, std::int64_t members, std::int64_t rows);
  void score_block(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor out);

  std::string kind_;
  std::vector<std::int64_t> widths_;  // of every layer's output, the logits' last
  std::int64_t inputs_ = 0;
  std::int64_t rate_256_ = 0;
  Precision precision_;
  FirstLayer first_;
  std::vector<Dense> dense_;
  std::vector<at::Tensor> outputs_;  // [layers] [K, B, width]: activations of the operands' type, logits last, in fp32
  std::vector<at::Tensor> gradients_;  // [layers - 1] [K, B, width] of the operands' type
  at::Tensor logits_;                  // [K, B] or [K, B, O], a view of the last output
  at::Tensor top_gradient_;  // the same, the logits' gradient as an operand; defined in bf16 but for an mlp of one
                             // output, whose last layer has a kernel of its own
  at::Tensor ones_;          // [B], for sums over rows of several outputs, CUDA only
  at::Tensor partials_;      // what sums of the logit's layer are made of, CUDA only
  std::vector<at::Tensor> score_outputs_;  // [layers] of the largest block that was scored, CUDA only
};

}  // namespace equipoise::models
