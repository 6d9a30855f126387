#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/models/flat_parameters.h"
#include "engine/models/learner.h"
#include "kernels/encoded_linear/encoded_linear.h"

namespace equipoise::models {

/// The layer that reads encoded rows. A category that is embedded has a learned table [levels, E] and a map [E, H]:
/// their product stands in the layer's weight where the category's one-hot rows would, which is the same function as
/// looking the embedding up and feeding it to a dense layer.
class FirstLayer {
 public:
  FirstLayer(const data::EncodedRows& layout, std::int64_t outputs, std::int64_t embedding_size);

  /// The parameters it needs, appended to `shapes`; bind() is given the memory laid out for them.
  void declare(std::vector<ParameterShape>& shapes);
  void bind(const FlatParameters& parameters);

  /// out [members of the slice, B, H] for the given rows in training, or for the contiguous rows from `first` in fp32. On
  /// CUDA without the bias, which is left_bias.
  void forward(at::Tensor& out, const kernels::EncodedTensors& encoded, const at::Tensor& rows, MemberSlice slice);
  void forward_range(at::Tensor& out, const kernels::EncodedTensors& encoded, std::int64_t first, MemberSlice slice);

  /// What is still to be added to forward's output, [members of the slice, H].
  std::optional<at::Tensor> left_bias(MemberSlice slice) const;

  /// Gradients of the slice's parameters from out's gradient, which has the type of the operands. On CUDA, of the rows of
  /// the last forward.
  void backward(const kernels::EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& output_gradient,
                MemberSlice slice);

  /// Makes what forward reads of the parameters: the embedded rows of the weight, in fp32 and then as operands, the sums of
  /// ramps. Called after the parameters and their operands changed and before forward.
  void refresh(const kernels::EncodedTensors& encoded, MemberSlice slice);

 private:
  struct Run {  // neighbouring components that are parameters themselves
    std::int64_t offset, width, packed;
  };
  struct Embedded {
    std::int64_t offset, levels;
    at::Tensor table, table_gradient;  // [K, L, E]
    at::Tensor map, map_gradient;      // [K, E, H]
  };

  void make_room(std::int64_t batch);
  void make_range_room(std::int64_t count);

  std::int64_t width_ = 0, outputs_ = 0, embedding_size_ = 0, packed_width_ = 0;
  std::vector<Run> runs_;
  std::vector<Embedded> embedded_;
  std::vector<std::string> embedded_names_;
  std::size_t first_parameter_ = 0;
  at::Tensor packed_, packed_gradient_;  // [K, packed, H]
  at::Tensor bias_, bias_gradient_;      // [K, H]
  at::Tensor weight_, weight_gradient_;  // [K, D, H]: the parameters themselves, or made of them
  at::Tensor operand_;                   // [K, D, H], what training's products read of weight_
  at::Tensor ramp_sums_;                 // [K, D, H], CPU only
  at::Tensor ramp_gradient_;             // [K, D, H], CPU only: members may be at work at the same time
  at::Tensor gathered_;                  // [B, D and what fills a row up] of operand_'s type, CUDA only
  at::Tensor dense_rows_;                // [B, D], a view of it: the last training batch
  at::Tensor ones_;                      // [B], the same
  at::Tensor range_rows_;                // [n] i64, CUDA only: rows of the largest range so far
  at::Tensor range_gathered_;            // [n, D and what fills a row up] of weight_'s type, the same
};

}  // namespace equipoise::models
