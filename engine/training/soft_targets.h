#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/training/device_data.h"
#include "engine/training/priced_batch.h"

namespace equipoise::training {

/// How much of what a row is taught is not its label.
struct SoftTargetParams {
  double smoothing = 0;       ///< of the label's share, spread evenly over all answers (Szegedy et al. 2016)
  double teacher_weight = 0;  ///< share of the teacher's scores (Hinton, Vinyals and Dean 2015, at temperature 1)

  bool any() const { return smoothing > 0 || teacher_weight > 0; }
};

/// Teaches rows by targets t in place of their labels y: (1 - w) ((1 - s) y + s / answers) + w q, with q the teacher's score, a label having two
/// answers. The gradient of a logarithmic loss by a logit is p - y, of a squared error by the number that is predicted twice the
/// difference: with t it is that much more, s_i v[c] (y - t), whatever p. So this is an addition to what push says, and no loss price, fold
/// or weight of a row is read otherwise than there. Losses that are measured, those that constraints bound among them, stay those of labels.
class SoftTargets {
 public:
  /// Of a batch of `rows` rows on the data's device, and `streams` streams. With a teacher's share data.teacher is there.
  SoftTargets(const SoftTargetParams& params, const DeviceData& data, std::int64_t streams, std::int64_t rows);

  /// Adds to batch.gradient. `rows` [B] are those of the data; `targets` [N] are the rows' labels, classes, or numbers in the target's units,
  /// undefined where cells alone know the label. Takes no tensor memory.
  void add(const PricedBatch& batch, const at::Tensor& targets, const at::Tensor& rows);

 private:
  void set_difference(const at::Tensor& targets, const at::Tensor& rows);

  data::Task task_;
  double of_label_, even_;    // y - t = of_label y - even - w q
  at::Tensor lessons_;        // [training rows, answers] f32, w q
  at::Tensor cells_;          // [N] i64; N rows of scores
  at::Tensor prices_;         // [K, N] f32
  at::Tensor label_of_cell_;  // [C] f32
  at::Tensor classes_;        // [N, 1] i64, of several classes
  at::Tensor difference_;     // [N] or [N, O] f32, y - t
  at::Tensor taught_;         // [B, answers] f32, w q of the batch
  at::Tensor addition_;       // as the gradient
};

}  // namespace equipoise::training
