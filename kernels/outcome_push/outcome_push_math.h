// The gradient of one row's share of the Lagrangian by its scores.
#pragma once

#include "kernels/outcome_stats/outcome_math.h"

namespace equipoise::kernels {

// scores [O] become gradients. soft_price [M] is that of the row's cell. The target fits the rule.
template <OutcomeKind kKind>
EQUIPOISE_HOST_DEVICE void outcome_gradient(const OutcomeRule& rule, float* scores, float target, float loss_price,
                                            const float* soft_price, float weight) {
  if constexpr (kKind == OutcomeKind::kSoftmax) {
    softmax_gradient_in_place(scores, rule.outputs, class_of(target, rule.outputs), loss_price, soft_price, weight);
  } else if constexpr (kKind == OutcomeKind::kRegression) {
    scores[0] = weight * regression_gradient(rule, scores[0], target, loss_price, soft_price);
  } else {
    scores[0] = weight * calibration_gradient(rule, scores[0], target, loss_price, soft_price);
  }
}

}  // namespace equipoise::kernels
