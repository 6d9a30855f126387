#include "engine/training/class_bins.h"

#include <ATen/ops/_softmax.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>

#include "kernels/outcome_push/outcome_push.h"

namespace equipoise::training {
namespace {

// A probability nearer to 0 or 1 is taken for one that far away: its logit, and the gradient through it, stay finite.
constexpr double kSurest = 1e-6;

// As rows of one score each.
at::Tensor as_rows(const at::Tensor& of_classes) {
  return of_classes.view({of_classes.size(0), -1, 1});
}

}  // namespace

ClassBins::ClassBins(std::int64_t members, std::int64_t rows, std::int64_t classes, std::int64_t cells,
                     std::int64_t bins, const at::TensorOptions& options)
    : cells_(cells),
      rule_(kernels::calibration_rule(bins, 0.0, 1.0)),
      measured_(kernels::make_outcome_stats_workspace(members, rows * classes, cells, rule_, options.device())),
      probabilities_(at::empty({members, rows, classes}, options)),
      rest_(at::empty_like(probabilities_)),
      logits_(at::empty_like(probabilities_)),
      pushed_(at::empty_like(probabilities_)),
      total_(at::empty({members, rows, 1}, options)),
      no_loss_(at::zeros({members, cells * rule_.outcomes}, options)) {}

const at::Tensor& ClassBins::measure(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& cells,
                                     const std::optional<at::Tensor>& weights) {
  at::_softmax_out(probabilities_, scores, -1, false);
  rest_.copy_(probabilities_).neg_().add_(1).clamp_min_(kSurest);
  at::div_out(logits_, probabilities_, rest_);
  logits_.clamp_min_(kSurest).log_();
  kernels::outcome_stats_out(measured_, as_rows(logits_), targets, cells, cells_, weights, rule_);
  measured_.sums.unflatten(1, {cells_, rule_.outcomes}).select(2, 0).zero_();
  return measured_.sums;
}

// With G = dL / d logit of p, and d logit / dp = 1 / (p (1 - p)), dp_k / dz_j = p_k (1[k = j] - p_j):
// dL / dz_j = H_j - p_j sum_k H_k, H = G / (1 - p).
void ClassBins::add_gradient(at::Tensor& gradient, const at::Tensor& targets, const at::Tensor& cells,
                             const at::Tensor& soft_price, const std::optional<at::Tensor>& weights) {
  at::Tensor rows = as_rows(pushed_);
  kernels::outcome_push_out(rows, as_rows(logits_), targets, cells, no_loss_, soft_price, weights, rule_);
  pushed_.div_(rest_);
  at::sum_out(total_, pushed_, {-1}, true);
  gradient.add_(pushed_).addcmul_(probabilities_, total_, -1);
}

}  // namespace equipoise::training
