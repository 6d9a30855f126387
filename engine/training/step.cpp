#include "engine/training/step.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "engine/core/seed.h"
#include "engine/training/folds.h"
#include "engine/training/tensor_of.h"
#include "kernels/draw/draw.h"
#include "kernels/measure_price_push/measure_price_push.h"
#include "kernels/not_finite/not_finite.h"
#include "kernels/outcome_push/outcome_push.h"
#include "kernels/push/push.h"

namespace equipoise::training {
std::uint64_t TrainingStep::batch_seed(std::uint64_t seed) {
  return core::seed_for(seed, "batches");
}

TrainingStep::TrainingStep(const DeviceData& data, const constraints::ConstraintTable& table,
                           const constraints::MultiplierParams& multiplier_params, const TrainingParams& params,
                           const std::vector<double>& learning_rates, std::int64_t steps, std::uint64_t seed,
                           models::Learner& learner, RowPolicy* policy, const SoftTargetParams& soft_targets,
                           const distributed::Ranks& ranks)
    : data_(data),
      learner_(learner),
      policy_(policy),
      ranks_(ranks),
      part_(ranks.part_of(params.batch_size)),
      table_(to_rate_table(table, data.cell_labels.device())),
      temperature_(multiplier_params.temperature),
      averaging_(multiplier_params.averaging),
      batch_seed_(batch_seed(seed)) {
  const at::Device device = data.cell_labels.device();
  const bool mixes = policy && policy->mixes();
  // A row that is mixed counts as two.
  const std::int64_t streams = learner.members() * learner.streams(), batch = part_.count * (mixes ? 2 : 1),
                     sums = data.kernel.rows(), of_a_row = data.kernel.cells_of_a_row;
  const auto folds = static_cast<std::int64_t>(data.folds.size());
  const auto whole = at::TensorOptions().device(device).dtype(at::kLong);
  const auto real = whole.dtype(at::kDouble), single = whole.dtype(at::kFloat);
  if (learner.grows())
    growth_.emplace(learner);
  else
    optimizer_ = make_optimizer(params.optimizer, learner.flat_parameters());
  step_ = at::zeros({1}, whole);
  one_ = at::ones({1}, whole);
  schedule_ = tensor_of(schedule_factors(params, steps), at::kDouble, device);
  factor_ = at::empty({1}, real);
  full_rates_ = tensor_of(learning_rates, at::kDouble, device);
  learning_rates_ = at::zeros_like(full_rates_);
  all_rows_ = learner.grows() ? at::arange(params.batch_size, whole) : at::empty({params.batch_size}, whole);
  rows_ = all_rows_.narrow(0, part_.first, part_.count);
  slots_ = policy && policy->made() ? policy->made()->slots().narrow(0, part_.first, part_.count) : rows_;
  const std::vector<std::int64_t> batch_cells =
      of_a_row == 1 ? std::vector<std::int64_t>{batch} : std::vector<std::int64_t>{batch, of_a_row};
  cells_ = at::empty(batch_cells, data.fold_cells.options());
  if (policy ? policy->weights().has_value() : data.weights.has_value()) weights_ = at::empty(batch_cells, single);
  const bool is_late = multiplier_params.priced_by == "batch_before";
  if (policy) corrected_sums_ = at::empty({streams, sums, 4}, real);
  if (policy || is_late) {
    objective_ = at::empty({streams, 1}, real);
    corrected_objective_ = at::empty_like(objective_);
    corrected_prices_ = at::empty({streams, 2, sums}, real);
  }
  if (folds > 1 || policy || is_late) {
    learns_from_ =
        folds > 1 ? fold_mask(learner.members(), learner.streams(), folds, device) : at::ones({streams, 1, 1, 1}, real);
    priced_folds_ = learns_from_.view({streams, 1, folds, 1}).to(at::kFloat);
    learned_sums_ = at::empty({streams, folds, sums, 4}, real);
    summed_folds_ = at::empty({streams, sums, 4}, real);
  }
  averages_ = kernels::empty_averages(streams, sums, device);
  multipliers_ = at::zeros({streams, static_cast<std::int64_t>(table.rows.size())}, real);
  rule_ = outcome_rule(data.kernel, params, temperature_, data.target_mean, data.target_deviation);
  const std::int64_t kernel_cells = folds * data.kernel.cells;
  batch_.priced = kernels::make_price_workspace(streams, sums, table_);
  batch_.row_prices = at::empty({2, streams, folds * sums}, single);
  if (rule_) {
    targets_ = at::empty(batch_cells, single);
    measured_ = kernels::make_outcome_stats_workspace(streams, batch * of_a_row, kernel_cells, *rule_, device);
    batch_.measured.sums = measured_.sums;
    batch_.gradient = at::empty({streams, batch * of_a_row, rule_->outputs}, single);
    if (data.kernel.bin_cells > 0) {
      const std::int64_t outputs = data.kernel.outputs, bin_rows = data.kernel.bin_rows();
      bins_.emplace(streams, batch, outputs, folds * data.kernel.bin_cells, data.kernel.score_bins, single);
      bin_cells_ = at::empty({batch, outputs}, data.fold_bin_cells.options());
      bin_targets_ = at::empty({batch, outputs}, single);
      if (data.bin_weights || mixes) bin_weights_ = at::empty({batch, outputs}, single);
      all_sums_ = at::empty({streams, folds, sums, 4}, real);
      cell_prices_ = at::empty({2, streams, folds, sums - bin_rows}, single);
      bin_prices_ = at::empty({streams, folds, bin_rows}, single);
    }
  } else {
    batch_.measured = kernels::make_cell_stats_workspace(streams, batch * of_a_row, kernel_cells, device);
    batch_.gradient = at::empty({streams, batch * of_a_row}, single);
  }
  if (soft_targets.any()) soft_targets_.emplace(soft_targets, data, streams, batch);
  const std::int64_t all_sums = streams * folds * sums * 4;
  if (is_late) {
    late_sums_.emplace(learner.flat_gradients(), all_sums, ranks_);
    batch_weight_.emplace(data, params.batch_size * (mixes ? 2 : 1), weights_.has_value());
    weight_by_fold_ = at::empty({streams, folds}, real);
    if (policy) late_own_ = at::empty_like(learned_sums_);
  }
  if (!ranks_.is_alone()) {
    added_ = at::zeros({all_sums + 1}, real);
    wants_to_stop_ = at::zeros({1}, real);
    wanting_to_stop_ = late_sums_ ? late_sums_->wanting_to_stop() : added_.narrow(0, all_sums, 1);
  }
  if (growth_ && !policy_) pick_answers();  // of all rows, for every step
  if (!mixes) return;
  const std::int64_t scores = learner.outputs() * part_.count;
  const MadeRows& made = *policy->made();
  counted_rows_ = ranks_.is_alone() ? made.counted_rows() : at::empty({batch}, whole);
  counted_parts_ = ranks_.is_alone() ? made.counted_parts() : at::empty({batch}, single);
  counted_scores_ = at::empty({streams, 2, scores}, single);
  learner_gradient_ = at::empty({streams, scores}, single);
}

void TrainingStep::set_multipliers(std::int64_t member, const std::vector<double>& values) {
  const std::int64_t streams = learner_.streams();
  multipliers_.narrow(0, member * streams, streams)
      .copy_(tensor_of(values, at::kDouble, at::kCPU).expand({streams, -1}));
}

void TrainingStep::walk(const checkpoint::StateWalk& walk) {
  walk.tensor("steps", step_);
  walk.tensor("averages", averages_);
  if (late_sums_) late_sums_->walk(walk.under("late_sums"));
  if (growth_)
    growth_->walk(walk.under("growth"));
  else
    optimizer_->walk(walk.under("optimizer"));
}

void TrainingStep::run() {
  if (graph_.is_captured()) {
    graph_.replay();
  } else {
    enqueue();
  }
}

std::string TrainingStep::capture() {
  if (!step_.is_cuda()) return "its tensors are not on a GPU";
  if (growth_) return "the learner grows";
  if (policy_ && policy_->path()) return "the recipe fair_mixup draws its ways on the host, anew for each step";
  std::string obstacle = ranks_.obstacle_to_capture();
  if (obstacle.empty()) obstacle = learner_.obstacle_to_capture();
  return obstacle.empty() ? graph_.capture([this] { enqueue(); }) : obstacle;
}

// No number of the host's may differ from one step to the next: a captured graph repeats those it saw.
void TrainingStep::enqueue() {
  MadeRows* made = policy_ ? policy_->made() : nullptr;
  ImageBatches* images = policy_ ? policy_->images() : nullptr;
  draw_rows();
  const models::EncodedTensors& whole = made     ? made->make(all_rows_, batch_seed_, step_)
                                        : images ? images->changed(batch_seed_)
                                                 : data_.encoded;
  const models::EncodedTensors& encoded = ranks_.is_alone() ? whole : own_part(whole);
  if (!growth_ || policy_) pick_answers();  // a recipe may count rows otherwise from an epoch on
  at::index_select_out(factor_, schedule_, 0, step_);
  at::mul_out(learning_rates_, full_rates_, factor_);
  const at::Tensor& scores = learner_.forward(encoded, slots_, step_);
  logits_ = counted_scores_.defined() ? counted(scores) : scores.flatten(1);
  if (rule_) logits_ = logits_.unflatten(1, {-1, rule_->outputs});
  step_.add_(one_);  // from here on it counts this step too, as prices want it
  set_logit_gradient();
  if (soft_targets_) soft_targets_->add(priced(), targets_, rows_);
  learn(encoded, scores);
}

void TrainingStep::learn(const models::EncodedTensors& encoded, const at::Tensor& scores) {
  if (growth_) return grow();
  learner_.backward(encoded, slots_, gradient_of_scores().view(scores.sizes()));
  // Its rows are few, and drawn apart: the first rank's alone.
  if (policy_ && policy_->path() && ranks_.is_first()) policy_->path()->add_gradient(learner_, batch_seed_, step_);
  add_gradients();
  optimizer_->step(learner_.flat_parameters(), learner_.flat_gradients(), learning_rates_);
  if (at::Tensor buffers = learner_.buffers(); buffers.defined() && !ranks_.is_alone()) {
    ranks_.sum(buffers);
    buffers.div_(static_cast<double>(ranks_.size()));
  }
  learner_.put_buffers();
}

void TrainingStep::add_gradients() {
  if (late_sums_)
    late_sums_->exchange(wants_to_stop_);
  else
    ranks_.sum(learner_.flat_gradients());
}

void TrainingStep::grow() {
  PricedBatch batch = priced();
  if (multipliers_.numel() == 0) return growth_->step(batch, {});
  if (rule_ || temperature_ != 1) return growth_->step(batch, gradient_of_constraints());
  // Both the curvature of a binary loss and the slope of its soft decision are p (1 - p): one push has their sum.
  batch.loss_prices = batch.loss_prices.clamp_min(0).add_(prices_of_cells().select(0, 1).abs());
  growth_->step(batch, {});
}

// What push was given, one price a cell and fold.
PricedBatch TrainingStep::priced() const {
  return {batch_.gradient, logits_, cells_.flatten(), prices_of_cells().select(0, 0), flat_weights(), rule_, targets_};
}

void TrainingStep::draw_rows() {
  if (growth_) return;
  if (policy_)
    policy_->draw(all_rows_, batch_seed_, step_);
  else
    kernels::draw_epoch(all_rows_, data_.train.count, batch_seed_, step_);
}

// Whatever hangs on a row's slot in the batch goes by that of the whole batch.
const models::EncodedTensors& TrainingStep::own_part(const models::EncodedTensors& encoded) {
  own_encoded_ = encoded;
  own_encoded_.first_slot = part_.first;
  if (own_encoded_.image_recipes) own_encoded_.image_recipes->first_slot = part_.first;
  if (encoded.partners.defined()) own_encoded_.partners = encoded.partners.narrow(0, part_.first, part_.count);
  if (encoded.parts.defined()) own_encoded_.parts = encoded.parts.narrow(0, part_.first, part_.count);
  return own_encoded_;
}

// This rank's part of what a batch has for each slot; where rows are mixed, of the sources' and of the partners'.
void TrainingStep::copy_own(at::Tensor& own, const at::Tensor& all) const {
  const std::int64_t halves = counted_scores_.defined() ? 2 : 1;
  own.view({halves, -1}).copy_(all.view({halves, -1}).narrow(1, part_.first, part_.count));
}

// By slot as well, so of the whole batch.
void TrainingStep::draw_labels(LabelDraws& labels) {
  const bool mixes = counted_scores_.defined();
  const at::Tensor& rows = mixes ? policy_->made()->counted_rows() : all_rows_;
  if (ranks_.is_alone()) return labels.draw(cells_, targets_, rows, batch_seed_, step_);
  if (!all_cells_.defined()) {
    all_cells_ = at::empty(rows.sizes(), cells_.options());
    if (targets_.defined()) all_targets_ = at::empty(rows.sizes(), targets_.options());
  }
  labels.draw(all_cells_, all_targets_, rows, batch_seed_, step_);
  copy_own(cells_, all_cells_);
  if (targets_.defined()) copy_own(targets_, all_targets_);
}

// What the batch's rows count as: cells, targets, and how much.
void TrainingStep::pick_answers() {
  const bool mixes = counted_scores_.defined();
  if (mixes && !ranks_.is_alone()) {
    copy_own(counted_rows_, policy_->made()->counted_rows());
    copy_own(counted_parts_, policy_->made()->counted_parts());
  }
  const at::Tensor& rows = mixes ? counted_rows_ : rows_;
  const auto pick = [&](at::Tensor& batch, const at::Tensor& all) { pick_rows(batch, all, rows); };
  const auto count_by_parts = [&](at::Tensor& weights) {
    if (mixes) weights.view({rows.size(0), -1}).mul_(counted_parts_.unsqueeze(1));
  };
  LabelDraws* labels = policy_ ? policy_->labels() : nullptr;
  if (labels)
    draw_labels(*labels);
  else
    pick(cells_, data_.fold_cells);
  if (weights_) {
    pick(*weights_, policy_ ? *policy_->weights() : *data_.weights);
    count_by_parts(*weights_);
  }
  if (rule_ && !labels) pick(targets_, data_.targets);
  if (!bins_) return;
  pick(bin_cells_, data_.fold_bin_cells);
  pick(bin_targets_, data_.bin_targets);
  if (!bin_weights_) return;
  if (data_.bin_weights)
    pick(*bin_weights_, *data_.bin_weights);
  else
    bin_weights_->fill_(1);
  count_by_parts(*bin_weights_);
}

// The scores of a batch whose rows are mixed, for the sources and again for the partners: [K, 2 * B, O] in one.
at::Tensor TrainingStep::counted(const at::Tensor& scores) {
  counted_scores_.copy_(scores.flatten(1).unsqueeze(1).expand(counted_scores_.sizes()));
  return counted_scores_.flatten(1);
}

const at::Tensor& TrainingStep::gradient_of_scores() {
  if (!counted_scores_.defined()) return batch_.gradient;
  at::sum_out(learner_gradient_, batch_.gradient.view(counted_scores_.sizes()), {1});
  return learner_gradient_;
}

std::vector<bool> TrainingStep::alive() const {
  const at::Tensor host = (growth_ ? growth_->alive() : optimizer_->alive()).to(at::kCPU);
  const std::uint8_t* flags = host.const_data_ptr<std::uint8_t>();
  return std::vector<bool>(flags, flags + host.numel());
}

// A NaN or infinite logit makes its gradient, and so every weight's, NaN: the optimizer need only look at the last.
std::string TrainingStep::failure_of(std::int64_t member) const {
  const std::int64_t streams = learner_.streams();
  const at::Tensor flat = logits_.flatten(1);
  std::int64_t slot = kernels::not_finite(flat).narrow(0, member * streams, streams).max().item<std::int64_t>();
  if (slot < 0) return "the gradient left the finite numbers, or those that can be squared";
  slot = slot / (flat.size(1) / cells_.size(0)) % rows_.size(0);
  const std::int64_t row = rows_.select(0, slot).item<std::int64_t>();
  return "the logits left the finite numbers (row " + std::to_string(part_.first + slot) + " of the batch, row " +
         std::to_string(data_.order[static_cast<std::size_t>(row)]) + " of the data, counted from 0)";
}

}  // namespace equipoise::training
