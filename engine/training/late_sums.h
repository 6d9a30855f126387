#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/checkpoint/state.h"
#include "engine/distributed/ranks.h"

namespace equipoise::training {

/// Sums of a batch's cells that travel with its gradient, and price the batch after it: ranks then send one message a step. The first
/// batch, which none is before, is priced by its own sums, in a message of their own. One rank alone does the same without messages, so that the
/// algorithm is one for any number of ranks.
class LateSums {
 public:
  /// `gradients` [K, P] f32 contiguous, whose storage is made longer: what is added over ranks is one run of memory. `sums` is how many there
  /// are. `ranks` must outlive this.
  LateSums(at::Tensor& gradients, std::int64_t sums, const distributed::Ranks& ranks);

  /// Takes this rank's sums of a batch, and returns those of all ranks that price it, of the same shape. `own`, f64, must not change before
  /// exchange().
  at::Tensor to_price_by(const at::Tensor& own);

  /// Adds over ranks: the gradients in place, the sums of the last call, and whether one wants to stop [1].
  void exchange(const at::Tensor& wants_to_stop);

  /// [1] how many wanted to stop; of one rank alone undefined.
  const at::Tensor& wanting_to_stop() const { return wanting_to_stop_; }

  /// Of a run whose batches were priced by their own sums there are none: the next batch is then the first.
  void walk(const checkpoint::StateWalk& walk);

 private:
  const distributed::Ranks& ranks_;
  at::Tensor held_;  // [sums] f64, of the batch before
  bool holds_ = false;
  at::Tensor own_;
  at::Tensor message_, sent_sums_, wanting_to_stop_;  // f32: all that is sent, and its parts behind the gradients
};

}  // namespace equipoise::training
