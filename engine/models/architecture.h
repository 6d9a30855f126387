#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/models/flat_parameters.h"
#include "engine/models/params.h"

namespace equipoise::models {

/// Drops units of one member: which ones is a pure function of (its seed, step, layer, slot in the batch, unit), as in kernels/activate.
class Drops {
 public:
  /// Drops nothing, as in evaluation.
  Drops() = default;
  /// `seed` [1] i64 as dropout_seeds makes it, `step` [1] i64, `first_slot` that of the first row.
  Drops(at::Tensor seed, at::Tensor step, std::int64_t rate_256, std::int64_t first_slot)
      : seed_(std::move(seed)), step_(std::move(step)), rate_256_(rate_256), first_slot_(first_slot) {}

  /// x [B, ...], a row a slot, with dropped units at 0 and the others scaled up. `layer` (0 to 255) keeps places apart.
  at::Tensor operator()(const at::Tensor& x, std::int64_t layer) const;
  /// The same draws at another rate.
  Drops at_rate(double rate) const { return {seed_, step_, dropout_rate_256(rate), first_slot_}; }

 private:
  at::Tensor seed_, step_;
  std::int64_t rate_256_ = 0, first_slot_ = 0;
};

/// What an architecture's function is called with: some rows, for one member.
struct Pass {
  const std::vector<at::Tensor>&
      parameters;          // in the order of Architecture::parameters; buffers are written in training
  const at::Tensor& rows;  // [B, width] f32, dense, or pictures [B, C, H, W]
  const Drops& drop;
  std::int64_t member = 0;
  bool is_training = false;
  bool is_first = false;  // of training: no step has been taken yet
};

/// A family of networks as ModuleLearner trains them: what parameters one member has, and a function of them that LibTorch can
/// differentiate.
struct Architecture {
  std::string shape;  ///< "331-128+2x256-1", for the description
  std::vector<ParameterShape> parameters;
  std::int64_t streams = 1;                       ///< Learner::streams
  std::function<at::Tensor(const Pass&)> logits;  ///< [streams, B, O] f32
  std::size_t buffers = 0;       ///< parameters, the last ones, that a training pass writes and no gradient moves
  bool reads_rows_alone = true;  ///< a row's logits hang on that row alone, so that batches may be cut
};

/// ResNet for tables (Gorishniy, Rubachev, Khrulkov, Babenko 2021, arXiv 2106.11959, section 3.2), with layer norms for its batch norms, so that a
/// row's logits hang on no other row: `blocks` times x + W2 dropout(relu(W1 norm(x))), and a linear layer of relu(norm(x)).
Architecture residual_mlp(const ModelParams& params, const data::EncodedRows& layout, std::int64_t outputs);

/// TabM (Gorishniy, Kotelnikov, Babenko 2024, arXiv 2410.24210): `submodels` networks that share the weights W of the hidden layers; in each,
/// submodel i has vectors r, s, b of its own, and x becomes relu(((x * r_i) W) * s_i + b_i); its output layer is its own too.
Architecture tabm(const ModelParams& params, const data::EncodedRows& layout, std::int64_t outputs);

/// FT-Transformer (Gorishniy et al. 2021, section 3.3): a token a feature, one more whose output is read, `blocks` of attention between them and
/// a gated layer (ReGLU), each added to what it reads through a norm; the first attention reads tokens as they are.
Architecture ft_transformer(const ModelParams& params, const data::EncodedRows& layout, std::int64_t outputs);

}  // namespace equipoise::models
