// From the scores of a batch to the gradient by each: measure, sums over ranks, price, push.
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros_like.h>

#include "engine/training/step.h"
#include "kernels/measure_price_push/measure_price_push.h"
#include "kernels/outcome_push/outcome_push.h"
#include "kernels/push/push.h"

namespace equipoise::training {

void TrainingStep::measure() {
  if (rule_) {
    const std::int64_t cells = measured_.sums.size(1) / rule_->outcomes;
    kernels::outcome_stats_out(measured_, logits_, targets_.flatten(), cells_.flatten(), cells, flat_weights(), *rule_);
  } else {
    kernels::cell_stats_out(batch_.measured, logits_, cells_.flatten(), data_.fold_cell_labels, flat_weights(), 0.0,
                            temperature_);
  }
}

// Of the last measure, [K, F * S, 4]; of one member's folds one after the other.
const at::Tensor& TrainingStep::sums() {
  if (!bins_) return batch_.measured.sums;
  const at::Tensor of_bins = bins_->measure(logits_, bin_targets_.flatten(), bin_cells_.flatten(),
                                            bin_weights_ ? std::optional(bin_weights_->flatten()) : std::nullopt);
  const std::int64_t bin_rows = bin_prices_.size(2), rows = all_sums_.size(2) - bin_rows;
  all_sums_.narrow(2, 0, rows).copy_(batch_.measured.sums.view({all_sums_.size(0), -1, rows, 4}));
  all_sums_.narrow(2, rows, bin_rows).copy_(of_bins.view({all_sums_.size(0), -1, bin_rows, 4}));
  return all_sums_;
}

// Corrected before they go: by the batch after, a policy may draw otherwise.
at::Tensor TrainingStep::late_sums(const at::Tensor& own) {
  if (!policy_) return late_sums_->to_price_by(own);
  at::mul_out(late_own_, own.view(late_own_.sizes()), policy_->corrections().unsqueeze(0));
  return late_sums_->to_price_by(late_own_);
}

// The same of the whole batch, or of the one before it. With them goes whether a rank wants to end, which costs no message of its own.
at::Tensor TrainingStep::sums_of_ranks() {
  const at::Tensor& own = sums();
  if (late_sums_) return late_sums(own);
  if (ranks_.is_alone()) return own;
  const std::int64_t count = own.numel();
  at::Tensor added = added_.narrow(0, 0, count).view(own.sizes());
  added.copy_(own);
  wanting_to_stop_.copy_(wants_to_stop_);
  ranks_.sum(added_);
  return added;
}

void TrainingStep::ask_to_stop() {
  if (wants_to_stop_.defined()) wants_to_stop_.fill_(1);
}

bool TrainingStep::is_asked_to_stop() const {
  return wanting_to_stop_.defined() && wanting_to_stop_.item<double>() > 0;
}

// Prices are of the cells' rows and then the bins', fold by fold; each op wants its own.
void TrainingStep::split_prices() {
  const at::Tensor by_fold = batch_.row_prices.view({2, all_sums_.size(0), all_sums_.size(1), -1});
  const std::int64_t rows = cell_prices_.size(3);
  cell_prices_.copy_(by_fold.narrow(3, 0, rows));
  bin_prices_.copy_(by_fold.select(0, 1).narrow(2, rows, bin_prices_.size(2)));
}

// [2, K, F * S], S without the rows of bins.
at::Tensor TrainingStep::prices_of_cells() const {
  return bins_ ? cell_prices_.flatten(2) : batch_.row_prices;
}

void TrainingStep::push() {
  if (bins_) split_prices();
  push_into(batch_.gradient, prices_of_cells().select(0, 0));
}

void TrainingStep::push_into(at::Tensor& gradient, const at::Tensor& loss) {
  const at::Tensor soft = prices_of_cells().select(0, 1), cells = cells_.flatten();
  if (rule_)
    kernels::outcome_push_out(gradient, logits_, targets_.flatten(), cells, loss, soft, flat_weights(), *rule_);
  else
    kernels::push_out(gradient, logits_, cells, data_.fold_cell_labels, loss, soft, flat_weights(), 0.0, temperature_);
  if (bins_)
    bins_->add_gradient(gradient, bin_targets_.flatten(), bin_cells_.flatten(), bin_prices_.flatten(1),
                        bin_weights_ ? std::optional(bin_weights_->flatten()) : std::nullopt);
}

const at::Tensor& TrainingStep::gradient_of_constraints() {
  if (!constraint_gradient_.defined()) {
    constraint_gradient_ = at::empty_like(batch_.gradient);
    no_loss_ = at::zeros_like(prices_of_cells().select(0, 0));
  }
  push_into(constraint_gradient_, no_loss_);
  return constraint_gradient_;
}

std::optional<at::Tensor> TrainingStep::flat_weights() const {
  return weights_ ? std::optional(weights_->flatten()) : std::nullopt;
}

// With several folds a member's own rows are neither summed nor priced.
void TrainingStep::set_logit_gradient() {
  if (!learns_from_.defined() && (rule_ || !ranks_.is_alone())) {
    measure();
    kernels::price_out(batch_.priced, sums_of_ranks().view(averages_.sizes()), averages_, step_, multipliers_, table_,
                       averaging_);
    batch_.row_prices.copy_(batch_.priced.prices.transpose(0, 1));
    push();
    return;
  }
  if (!learns_from_.defined()) {
    kernels::measure_price_push_out(batch_, logits_, cells_.flatten(), data_.fold_cell_labels, flat_weights(),
                                    averages_, step_, multipliers_, table_, averaging_, 0.0, temperature_);
    return;
  }
  measure();
  at::mul_out(learned_sums_, sums_of_ranks().view(learned_sums_.sizes()), learns_from_);
  at::sum_out(summed_folds_, learned_sums_, {1});
  if (policy_ || late_sums_)
    price_by_other_rows();
  else
    kernels::price_out(batch_.priced, summed_folds_, averages_, step_, multipliers_, table_, averaging_);
  at::Tensor by_fold =  // [K, 2, F, S]
      batch_.row_prices.transpose(0, 1).unflatten(2, {learns_from_.size(1), averages_.size(1)});
  at::mul_out(by_fold, batch_.priced.prices.unsqueeze(2), priced_folds_);
  push();
}

namespace {

// [K, 1] 1 / what the rows of sums [K, S, 4] weigh; as price has it: nothing where they have no weight.
void set_mean_over(at::Tensor& objective, const at::Tensor& weights) {
  at::sum_out(objective, weights, {1}, true);
  objective.reciprocal_().nan_to_num_(0, 0, 0);
}

}  // namespace

// What a row counts in the mean loss of the batch as it was drawn and weighed.
void TrainingStep::set_objective() {
  if (!late_sums_) return set_mean_over(objective_, summed_folds_.select(2, 0));
  const MadeRows* made = counted_scores_.defined() ? policy_->made() : nullptr;
  const at::Tensor by_fold =
      batch_weight_->of(made ? made->counted_rows() : all_rows_, policy_ ? policy_->weights() : data_.weights,
                        made ? made->counted_parts() : at::Tensor());
  at::mul_out(weight_by_fold_, learns_from_.view(weight_by_fold_.sizes()), by_fold.unsqueeze(0));
  set_mean_over(objective_, weight_by_fold_);
}

// Constraints are priced by the sums that people as they come would have, or by those of the batch before, and what they add to a row is
// that much more or less; the objective is this batch's.
void TrainingStep::price_by_other_rows() {
  set_objective();
  const bool is_corrected = !policy_ || late_sums_;  // before they went
  if (!is_corrected) at::mul_out(corrected_sums_, summed_folds_, policy_->corrections());
  const at::Tensor& priced_by = is_corrected ? summed_folds_ : corrected_sums_;
  set_mean_over(corrected_objective_, priced_by.select(2, 0));
  kernels::price_out(batch_.priced, priced_by, averages_, step_, multipliers_, table_, averaging_);
  corrected_prices_.copy_(batch_.priced.prices);
  at::Tensor loss = corrected_prices_.select(1, 0);
  loss.sub_(corrected_objective_);
  if (policy_) corrected_prices_.mul_(policy_->corrections().view({1, 1, -1}));
  loss.add_(objective_);
  batch_.priced.prices.copy_(corrected_prices_);
}

}  // namespace equipoise::training
