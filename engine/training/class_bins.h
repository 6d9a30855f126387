#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "kernels/outcome_stats/outcome_rule.h"
#include "kernels/outcome_stats/outcome_stats.h"

namespace equipoise::training {

/// The probabilities of several classes cut into bins, each class against the rest.
///
/// A row of O classes is O rows of a binary score, one after the other: class k's is log(p_k / (1 - p_k)) with p the softmax, its
/// label whether the row is of class k. Their bins are what kernels/outcome_stats sums by the rule of calibration. All else
/// that is said of the row (weight, loss, decision) is the softmax's, so that outcome 0 of these sums is 0.
/// Gradients come back through the softmax. Nothing takes tensor memory after the constructor.
class ClassBins {
 public:
  /// For scores of `members` models and so many rows; `cells` of groups, class and label.
  ClassBins(std::int64_t members, std::int64_t rows, std::int64_t classes, std::int64_t cells, std::int64_t bins,
            const at::TensorOptions& options);

  /// Sums [K, cells (1 + 2 bins), 4] f64 of scores [K, B, O]; `targets` f32, `cells` and `weights` [B * O].
  const at::Tensor& measure(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& cells,
                            const std::optional<at::Tensor>& weights);

  /// Adds to the gradient [K, B, O] by the scores that were measured last what these prices [K, cells (1 + 2 bins)] ask for.
  void add_gradient(at::Tensor& gradient, const at::Tensor& targets, const at::Tensor& cells,
                    const at::Tensor& soft_price, const std::optional<at::Tensor>& weights);

  /// [K, B, O] softmax of the scores that were measured last.
  const at::Tensor& probabilities() const { return probabilities_; }

 private:
  std::int64_t cells_;
  kernels::OutcomeRule rule_;
  kernels::OutcomeStatsWorkspace measured_;
  at::Tensor probabilities_, rest_;  // [K, B, O] p and 1 - p
  at::Tensor logits_, pushed_;       // [K, B, O]
  at::Tensor total_;                 // [K, B, 1]
  at::Tensor no_loss_;               // [K, cells (1 + 2 bins)]
};

}  // namespace equipoise::training
