#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "kernels/outcome_stats/outcome_rule.h"

namespace equipoise::training {

/// A batch as a step has priced and pushed it. N rows of scores: of several labels one for each.
struct PricedBatch {
  at::Tensor gradient;                // [K, N(, O)] f32, of the step's push
  at::Tensor logits;                  // the same shape
  at::Tensor cells;                   // [N] of the prices
  at::Tensor loss_prices;             // [K, C] f32, with a rule [K, C M]
  std::optional<at::Tensor> weights;  // [N]
  std::optional<kernels::OutcomeRule> rule;
  at::Tensor targets = {};  // [N] of a regression's rows

  /// [K, C] what a row's loss counts, in each cell.
  at::Tensor price_of_cell() const { return loss_prices.unflatten(1, {-1, rule ? rule->outcomes : 1}).select(2, 0); }
};

}  // namespace equipoise::training
