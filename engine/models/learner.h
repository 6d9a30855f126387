#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/models/member_slice.h"
#include "engine/models/params.h"
#include "engine/models/precision.h"
#include "kernels/encoded_linear/encoded_linear.h"
#include "kernels/image_augment/image_augment.h"

namespace equipoise::models {

/// Rows on a device: their encoded columns, or their pictures.
struct EncodedTensors : kernels::EncodedTensors {
  kernels::ImageTensors images;  ///< undefined where rows have none
  /// What changes pictures on the way into a training batch, by its seed and step; else they are as they are.
  std::optional<kernels::ImageRecipes> image_recipes;
  std::uint64_t image_seed = 0;
  /// Which slot of the whole batch the first row of a forward pass is, where ranks share a batch: dropout draws by slot.
  std::int64_t first_slot = 0;
};

/// Encoded rows as tensors on a device; on the CPU they share the memory of `rows`, which must outlive them. Throws
/// when a code is outside its feature.
EncodedTensors to_tensors(const data::EncodedRows& rows, const at::Device& device);

/// A parameter: a view into the learner's one buffer, so that an optimizer step, a copy or a check is one call for the
/// whole bank and one row for a member.
struct NamedTensor {
  std::string name;
  at::Tensor value;  // [K, ...], each member's part contiguous
};

/// A bank of K models of one architecture: encoded rows to logits, and a row gradient back. forward and backward take no
/// tensor memory and wait for no device once they have seen a batch of the same size, so that a CUDA graph may hold them; but for those
/// learners that name an obstacle to it.
class Learner {
 public:
  virtual ~Learner() = default;

  /// Logits [K * S, B], or [K * S, B, O] with several outputs, in training mode, where S is streams(): those of member k are the rows k * S to
  /// k * S + S - 1. Keeps what backward needs, once. `rows` [B] i64, `step` [1] i64 (dropout's counter).
  virtual const at::Tensor& forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step) = 0;

  /// Gradients of all parameters from the gradient by the logits of the last forward, of their shape; overwrites them. Each stream's is that of
  /// its own loss; a member's loss is the mean of its streams'.
  virtual void backward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& logit_gradient) = 0;

  /// Logits [members of the slice, count] or [..., O] of the rows first .. first + count in evaluation mode, written into `out`; in
  /// fp32 whatever the precision of training. Of several streams the logit of their mean probability, or the mean of what they predict. On CUDA it
  /// takes no tensor memory once it has seen as many, but where there is an obstacle.
  virtual void score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) = 0;

  virtual const std::vector<NamedTensor>& parameters() const = 0;
  /// All parameters and all gradients [K, P], a row a member; the named tensors are views of them. Of a learner that grows the
  /// parameter is how many rounds a member has, and there is no gradient.
  virtual at::Tensor& flat_parameters() = 0;
  virtual at::Tensor& flat_gradients() = 0;

  /// Whether it learns by growing (boosted trees), each round from all of its training rows, and not by a gradient of parameters.
  virtual bool grows() const { return false; }
  /// One round more of each member, from the first and the second derivative of what is made small by each logit of the last forward,
  /// of their shape; in place of backward and of an optimizer. `alive` [K] u8: members with 0 stay as they are.
  virtual void grow(const at::Tensor& logit_gradient, const at::Tensor& curvature, const at::Tensor& alive);

  /// Makes its members those of `trained` that follow `first`, as they were when flat_parameters() had these rows: [K, P], of some
  /// iterates with F members each. Both are of one architecture.
  virtual void become(const Learner& trained, std::int64_t first, std::int64_t members_of_each,
                      const at::Tensor& iterates) = 0;

  /// What its file holds, by name; of a single member without the leading K.
  virtual std::map<std::string, at::Tensor> tensors() const = 0;
  /// Puts them back. Throws UserError (data) where they are not the learner's own, calling their file `name`; it is unchanged then.
  virtual void take_tensors(const std::map<std::string, at::Tensor>& tensors, const std::string& name) = 0;

  virtual std::int64_t members() const = 0;
  /// O, logits a row
  virtual std::int64_t outputs() const = 0;
  /// S, how many logits each of a row's outputs has while it is trained; a score has one.
  virtual std::int64_t streams() const { return 1; }
  /// What training passes move and no gradient: [K, Q] contiguous, undefined where there is nothing. The flat rows end with it; an optimizer,
  /// which moves whole rows, is followed by put_buffers(), which sets their ends to it.
  virtual at::Tensor buffers() { return {}; }
  virtual void put_buffers() {}
  /// Why a CUDA graph cannot hold its passes, in words; "" where it can.
  virtual std::string obstacle_to_capture() const { return ""; }
  /// [O] which family each output is of, where its logits are log probabilities of a nested softmax (ModelParams::families); else empty.
  virtual std::vector<std::int32_t> families() const { return {}; }
  /// "mlp 331-256-256-1, 151,041 parameters" of each member
  virtual std::string description() const = 0;
};

/// "151,041 parameters" of each member.
std::string parameter_count(const Learner& learner);

/// A bank of models of `outputs` logits a row with initial weights drawn from `seeds` [K], one a member; a member's weights hang on its seed
/// alone. `precision` is that of forward and backward; above fp32 `device` is a GPU. Pictures that `layout` has are what a convnet
/// sees. `task` says what the outputs mean, for the mean of streams. Throws UserError (config) for a kind that has no version for the device
/// or the precision.
std::unique_ptr<Learner> make_learner(const ModelParams& params, const data::EncodedRows& layout,
                                      const std::vector<std::uint64_t>& seeds, const at::Device& device,
                                      Precision precision = Precision::fp32, std::int64_t outputs = 1,
                                      data::Task task = data::Task::binary);

}  // namespace equipoise::models
