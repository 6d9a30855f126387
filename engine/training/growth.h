#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/checkpoint/state.h"
#include "engine/constraints/table.h"
#include "engine/models/learner.h"
#include "engine/training/priced_batch.h"
#include "engine/training/run_config.h"

namespace equipoise::training {

/// What takes the place of backward and optimizer for a learner that grows: each step is a round, from the gradient and the curvature of the
/// Lagrangian by every training row's logits.
class Growth {
 public:
  explicit Growth(models::Learner& learner);

  /// Grows each member that is alive by a round. One whose gradient is not finite is stopped, as it was before the step.
  /// `of_constraints` is what of the gradient is not the loss's; undefined: nothing, or its size is in the loss prices. That size is added to the
  /// curvature, so that prices move no leaf by more than the learning rate: a price is divided by its group's share of the rows, and a step of
  /// a fiftieth's would decide them all at once. Of a binary score at temperature 1 this bounds the soft rate's own second derivative,
  /// |s p (1 - p) (1 - 2 p)| <= |s| p (1 - p).
  void step(const PricedBatch& priced, const at::Tensor& of_constraints);

  /// [K] u8: 0 for a member that was stopped.
  const at::Tensor& alive() const { return alive_; }

  void walk(const checkpoint::StateWalk& walk) { walk.tensor("alive", alive_); }

 private:
  models::Learner& learner_;
  at::Tensor alive_;
};

/// Configs as steps take them: with the rows of a batch (batch_of) and the share of steps after which iterates may be kept (candidates_from_of), and for a model that grows with its rounds, each over all
/// `training_rows`: sums are exact and need no average over batches, and a multiplier goes as far in a round as in three steps, where its
/// proportional part goes as far as in one.
std::vector<RunConfig> in_steps(std::vector<RunConfig> members, std::int64_t training_rows);

/// [J] How much of a step a multiplier takes: all where the rate that its row is about is one of a twentieth of the rows or more, of a smaller
/// one's so much less. A price is its multiplier by that share, and what moves those of a hundredth of the rows by all that a round
/// can is a fifth of what moves a twentieth so: with one step for all, a small group's rate swung from round to round.
/// Where the worst group's loss is made small all are whole: there what would be a violation is the loss itself, which groups are compared by.
/// `driving` are the cell sums [C * 4] of the rows that are measured.
std::vector<double> parts_of_small_shares(const constraints::ConstraintTable& table,
                                          const std::vector<double>& driving);

/// The second derivative of the priced loss by each logit, of the gradient's shape: w_i v[c] times p (1 - p) of a binary score or a label,
/// 2 p (1 - p) of several classes (a bound on the whole matrix, as XGBoost takes it for softmax), 2 of a squared error, 1 of a Huber or
/// quantile loss (which bounds the first, and stands for the second, that has none). Soft rates are left out: they are no convex
/// functions of a logit, and a step must not grow where they bend down. Loss prices below 0 count as 0.
at::Tensor curvature(const PricedBatch& priced);

}  // namespace equipoise::training
