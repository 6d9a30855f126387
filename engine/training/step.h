#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/state.h"
#include "engine/constraints/multipliers.h"
#include "engine/constraints/params.h"
#include "engine/constraints/table.h"
#include "engine/distributed/ranks.h"
#include "engine/models/learner.h"
#include "engine/training/batch_weight.h"
#include "engine/training/captured_graph.h"
#include "engine/training/class_bins.h"
#include "engine/training/device_data.h"
#include "engine/training/growth.h"
#include "engine/training/late_sums.h"
#include "engine/training/optimizer.h"
#include "engine/training/params.h"
#include "engine/training/rate_table.h"
#include "engine/training/row_policy.h"
#include "engine/training/soft_targets.h"
#include "kernels/measure_price_push/measure_price_push.h"
#include "kernels/outcome_stats/outcome_stats.h"
#include "kernels/price/price.h"

namespace equipoise::training {

/// One training step of a bank after the other: draw rows, forward, measure, price, push, backward, move the weights.
/// All members see the same batch; where the data has F folds, member k takes no gradient from fold k modulo F. `table`
/// gives the rates and the terms of the constraints, which are the same for all; bounds, which may differ, do not enter a
/// gradient. Of a learner with streams each is measured, priced and pushed as a member is, by the multipliers and folds of its own; K below counts
/// all streams then, but of learning rates.
///
/// A learner that grows learns from all training rows in every step, as they lie: its batch is as large, and no recipe draws it.
///
/// After the first, a step takes no tensor memory (where rows are mixed or labels chosen: none of a GPU's; but for what its learner takes), and what changes from one to the next (the step's number, learning rates, multipliers,
/// what recipes say) is in tensors on the device: on CUDA it can be captured as a graph. A recipe that adds a penalty does neither, nor
/// does a learner that grows.
class TrainingStep {
 public:
  /// learning_rates [K], before the schedule. `data`, `learner` and `policy` must outlive this; without a policy batches are epochs
  /// of the training rows. Rows are taught by `soft_targets`, those of a policy that makes rows without a teacher.
  /// Each of the `ranks` learns from its part of every batch, whose draws are the same for any number of them; the sums of the cells
  /// are added over ranks before they are priced, and then the gradients (priced_by: batch_before both in one): weights and averages stay
  /// the same bits on all.
  TrainingStep(const DeviceData& data, const constraints::ConstraintTable& table,
               const constraints::MultiplierParams& multiplier_params, const TrainingParams& params,
               const std::vector<double>& learning_rates, std::int64_t steps, std::uint64_t seed,
               models::Learner& learner, RowPolicy* policy = nullptr, const SoftTargetParams& soft_targets = {},
               const distributed::Ranks& ranks = distributed::alone());

  /// What batches hang on, of a run's seed.
  static std::uint64_t batch_seed(std::uint64_t seed);

  /// Takes the next step, at most `steps` times. A member whose logits or gradients are not finite is stopped: its weights
  /// stay as they were before the step.
  void run();

  /// On CUDA, after a few steps: the steps that follow are replays of one captured graph. Takes no step itself. Returns ""
  /// or why it could not be captured; the steps are then launched kernel by kernel as before.
  std::string capture();

  void set_multipliers(std::int64_t member, const std::vector<double>& values);

  /// From the next step on every rank knows that this one wants to end. On CUDA asking waits for the steps before.
  void ask_to_stop();
  bool is_asked_to_stop() const;

  /// [K] whether each member still moves. On CUDA this waits for the steps before.
  std::vector<bool> alive() const;
  /// Which tensor of a stopped member left the finite numbers, and where, as far as the last step still shows it.
  std::string failure_of(std::int64_t member) const;

  /// What it keeps from one step to the next, but for the learner's weights and the multipliers, which others hold.
  void walk(const checkpoint::StateWalk& walk);

 private:
  void enqueue();
  void draw_rows();
  void learn(const models::EncodedTensors& encoded, const at::Tensor& scores);
  void add_gradients();
  void grow();
  PricedBatch priced() const;
  void pick_answers();
  at::Tensor counted(const at::Tensor& scores);
  const at::Tensor& gradient_of_scores();
  void measure();
  const at::Tensor& sums();
  at::Tensor sums_of_ranks();
  const models::EncodedTensors& own_part(const models::EncodedTensors& encoded);
  void copy_own(at::Tensor& own, const at::Tensor& all) const;
  void draw_labels(LabelDraws& labels);
  void split_prices();
  at::Tensor prices_of_cells() const;
  void push();
  void push_into(at::Tensor& gradient, const at::Tensor& loss);
  const at::Tensor& gradient_of_constraints();
  std::optional<at::Tensor> flat_weights() const;
  void set_logit_gradient();
  void price_by_other_rows();
  void set_objective();
  at::Tensor late_sums(const at::Tensor& own);

  const DeviceData& data_;
  models::Learner& learner_;
  RowPolicy* policy_;
  const distributed::Ranks& ranks_;
  distributed::Ranks::Part part_;  // of the batch's slots
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<Growth> growth_;  // in its place
  std::optional<SoftTargets> soft_targets_;
  kernels::RateTable table_;
  double temperature_, averaging_;
  std::uint64_t batch_seed_;
  at::Tensor step_;                    // [1] i64, steps taken
  at::Tensor one_;                     // [1] i64, what a step adds to it
  at::Tensor schedule_;                // [steps] f64, the learning rates' factor at each step
  at::Tensor factor_;                  // [1] f64, of this step
  at::Tensor full_rates_;              // [K] f64, before the schedule
  at::Tensor learning_rates_;          // [K] f64, of this step
  at::Tensor all_rows_;                // [B of all ranks] i64, the batch
  at::Tensor rows_;                    // [B] i64, this rank's part of it
  at::Tensor cells_;                   // [B, A] of fold_cells; [B] where A is 1; 2 B where rows are mixed, as all below
  std::optional<at::Tensor> weights_;  // the same, f32
  at::Tensor targets_;                 // f32, as cells_, with a rule
  std::optional<kernels::OutcomeRule> rule_;  // of rows with several outcomes in one cell
  kernels::OutcomeStatsWorkspace measured_;   // with a rule, in place of batch_.measured
  std::optional<LateSums> late_sums_;         // where the batch before prices
  std::optional<BatchWeight> batch_weight_;   // beside it: of this one
  std::optional<ClassBins> bins_;             // of several classes, and what its rows are:
  at::Tensor bin_cells_, bin_targets_;        // [B, O]
  std::optional<at::Tensor> bin_weights_;     // [B, O]
  at::Tensor all_sums_;                       // [K, F, S, 4] f64, the cells' and the bins'
  at::Tensor cell_prices_, bin_prices_;       // [2, K, F, rows of the cells], [K, F, rows of the bins] f32
  at::Tensor learns_from_;   // [K, F, 1, 1] f64, 0 for a member's own fold; undefined with one fold and no policy
  at::Tensor priced_folds_;  // [K, 1, F, 1] f32, the same for prices
  at::Tensor learned_sums_, summed_folds_;  // [K, F, S, 4] and [K, S, 4] f64, beside it; S rows of sums
  at::Tensor corrected_sums_;               // [K, S, 4] f64, with a policy: as if rows came as they come
  at::Tensor late_own_;                     // [K, F, S, 4] f64, the same of late sums, before they go
  at::Tensor objective_,
      corrected_objective_;  // [K, 1] f64, what a row of the batch counts in its mean loss, and in that of what prices it
  at::Tensor weight_by_fold_;                 // [K, F] f64, of the folds that a member learns from, where sums are late
  at::Tensor corrected_prices_;               // [K, 2, S] f64
  at::Tensor averages_;                       // [K, S, 4] f64
  at::Tensor multipliers_;                    // [K, J] f64
  kernels::MeasurePricePushWorkspace batch_;  // sums and row_prices of F * S rows, prices of S
  at::Tensor logits_;  // [K, B * A], with a rule [K, B * A, its scores a row], f32, of the last step
  at::Tensor counted_scores_, learner_gradient_;  // [K, 2, B * O] and [K, B * O] f32, where rows are mixed
  at::Tensor constraint_gradient_,
      no_loss_;       // the gradient's share that is not the loss's, and its prices; of a learner that grows
  at::Tensor slots_;  // [B] i64, the same in what a step reads from
  at::Tensor counted_rows_, counted_parts_;  // [2 B] where rows are mixed: what they count as, and by how much
  // Of several ranks alone: what they add up, the sums and whether one wants to end; labels of the whole batch; what a step reads from.
  at::Tensor added_, wants_to_stop_, wanting_to_stop_;  // [K * F * S * 4 + 1], [1], [1] f64
  at::Tensor all_cells_, all_targets_;
  models::EncodedTensors own_encoded_;
  CapturedGraph graph_;
};

}  // namespace equipoise::training
