#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
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

  /// out [members of the slice, B, H] for the given rows, or for the contiguous rows from `first`.
  void forward(at::Tensor& out, const kernels::EncodedTensors& encoded, const at::Tensor& rows, MemberSlice slice);
  void forward_range(at::Tensor& out, const kernels::EncodedTensors& encoded, std::int64_t first, MemberSlice slice);

  /// Gradients of the slice's parameters from out's gradient. On CUDA, of the rows of the last forward.
  void backward(const kernels::EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& output_gradient,
                MemberSlice slice);

  /// Makes what forward reads of the parameters: the embedded rows of the weight, the sums of ramps. Called after the
  /// parameters changed and before forward.
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
  void dense_forward(at::Tensor& out, const at::Tensor& dense_rows, MemberSlice slice);

  std::int64_t width_ = 0, outputs_ = 0, embedding_size_ = 0, packed_width_ = 0;
  std::vector<Run> runs_;
  std::vector<Embedded> embedded_;
  std::vector<std::string> embedded_names_;
  std::size_t first_parameter_ = 0;
  at::Tensor packed_, packed_gradient_;  // [K, packed, H]
  at::Tensor bias_, bias_gradient_;      // [K, H]
  at::Tensor weight_, weight_gradient_;  // [K, D, H]: the parameters themselves, or made of them
  at::Tensor ramp_sums_;                 // [K, D, H], CPU only
  at::Tensor ramp_gradient_;             // [K, D, H], CPU only: members may be at work at the same time
  at::Tensor dense_rows_;                // [B, D], CUDA only: of the last training batch
  at::Tensor ones_;                      // [B], CUDA only
};

}  // namespace equipoise::models
