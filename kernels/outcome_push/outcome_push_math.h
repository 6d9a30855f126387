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
    const std::int32_t bin = score_bin(rule, scores[0], sigmoid(scores[0]));
    const float on_bin = bin < 0 ? 0.0f : soft_price[1 + bin];
    scores[0] = weight * calibration_gradient(rule, scores[0], target, loss_price, soft_price[0], on_bin);
  }
}

}  // namespace equipoise::kernels
