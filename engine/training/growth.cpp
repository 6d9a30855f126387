#include "engine/training/growth.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/rates.h"
#include "kernels/not_finite/not_finite.h"
#include "kernels/push/push.h"

namespace equipoise::training {

using kernels::OutcomeKind;

namespace {

// A round moves scores further than a step over a batch does, and there are fewer: a multiplier goes as far in one as in so many steps, but for what
// answers the last change of a violation, which is one change whichever moved it
// (docs/decisions/0031-boosted-trees.md has what was tried).
constexpr double kStepsOfARound = 3;

// Of all rows; as many have a rate whose multiplier takes whole steps.
constexpr double kShareOfAWholeStep = 0.05;

// Of a binary score p (1 - p) is the slope of the soft decision: push gives it, with the same bits wherever a row lies.
at::Tensor of_log_losses(const PricedBatch& priced, const at::Tensor& price_of_cell) {
  const at::Tensor labels = at::zeros({price_of_cell.size(1)}, price_of_cell.options().dtype(at::kByte)),
                   none = at::zeros_like(price_of_cell);
  return kernels::push(priced.logits.flatten(1), priced.cells, labels, none, price_of_cell, priced.weights, 0.0, 1.0)
      .view_as(priced.gradient);
}

// Of an error beyond delta the slope is none, and the parabola that bounds the loss from above and touches it there bends by delta / |e|: with 1, a
// round would go by the short gradient as far as if the error were as short.
at::Tensor bend_of_huber(const PricedBatch& priced) {
  const kernels::OutcomeRule& rule = *priced.rule;
  const at::Tensor wanted = priced.targets.sub(rule.shift).mul_(rule.inverse_scale).view({1, -1, 1});
  return priced.logits.sub(wanted).abs_().reciprocal_().mul_(rule.loss_parameter).clamp_max_(1);
}

}  // namespace

at::Tensor curvature(const PricedBatch& priced) {
  const at::Tensor price_of_cell = priced.price_of_cell().clamp_min(0).contiguous();
  if (!priced.rule || priced.rule->kind == OutcomeKind::kCalibration) return of_log_losses(priced, price_of_cell);
  at::Tensor price = price_of_cell.index_select(1, priced.cells.to(at::kLong));
  if (priced.weights) price.mul_(*priced.weights);
  price = price.unsqueeze(-1);
  if (priced.rule->kind == OutcomeKind::kRegression) {
    if (priced.rule->loss == kernels::RegressionLoss::kHuber) return price.mul(bend_of_huber(priced));
    return price.mul_(priced.rule->loss == kernels::RegressionLoss::kSquared ? 2.0 : 1.0);
  }
  const at::Tensor p = priced.logits.softmax(-1);
  return (1 - p).mul_(p).mul_(price).mul_(2);
}

std::vector<RunConfig> in_steps(std::vector<RunConfig> members, std::int64_t training_rows) {
  for (RunConfig& member : members) {
    member.training.batch_size = batch_of(member, training_rows);
    member.training.candidates_from = candidates_from_of(member);
    if (!models::grows(member.model)) continue;
    member.training.epochs = epochs_of(member);
    member.multipliers.averaging = 0;
    member.multipliers.step *= kStepsOfARound;
    member.multipliers.proportional_gain /= kStepsOfARound;
  }
  return members;
}

std::vector<double> parts_of_small_shares(const constraints::ConstraintTable& table,
                                          const std::vector<double>& driving) {
  const constraints::LinearForm answers = constraints::make_rate("loss", table.cells, {}).denominator;
  const bool counts_each_label = table.cells.task == data::Task::labels;
  const double weight = constraints::value_of(answers, driving, constraints::Reading::exact) /
                        (counts_each_label ? table.cells.answers() : 1);
  std::vector<double> parts;
  for (const constraints::Row& row : table.rows) {
    double largest = 0, rows = weight;
    for (const auto& [rate, coefficient] : row.terms) {
      const double of_rate = constraints::value_of(table.rates[rate].denominator, driving, constraints::Reading::exact);
      if (std::abs(coefficient) < largest || (std::abs(coefficient) == largest && of_rate > rows)) continue;
      largest = std::abs(coefficient), rows = of_rate;
    }
    parts.push_back(weight > 0 ? std::min(1.0, rows / (kShareOfAWholeStep * weight)) : 1);
  }
  for (const constraints::WorstGroupBlock& block : table.worst_group_blocks)
    for (const std::int32_t row : block.rows) parts[static_cast<std::size_t>(row)] = 1;
  return parts;
}

Growth::Growth(models::Learner& learner)
    : learner_(learner), alive_(at::ones({learner.members()}, at::TensorOptions().dtype(at::kByte))) {}

void Growth::step(const PricedBatch& priced, const at::Tensor& of_constraints) {
  const at::Tensor flat = priced.gradient.flatten(1);
  alive_.mul_(kernels::not_finite(flat).lt(0).to(alive_.options()));
  at::Tensor second = curvature(priced);
  if (of_constraints.defined()) second.add_(of_constraints.abs());
  learner_.grow(flat, second.flatten(1).contiguous(), alive_);
}

}  // namespace equipoise::training
