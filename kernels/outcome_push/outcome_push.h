// Push through outcomes: the gradient of the Lagrangian by each score; and the Lagrangian itself as one differentiable op.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string_view>
#include <tuple>

#include "kernels/outcome_stats/outcome_rule.h"

namespace equipoise::kernels {

// Shapes    as outcome_stats; loss_price, soft_price [K, C M] f32, which say how many cells there are.
// Returns   gradient [K, N, O] in the scores' type of
//           s_i (loss_price[k, c M] loss_i + sum over m of soft_price[k, c M + m] soft_{i, m}); the loss price of other
//           outcomes is not read. A score that is NaN or infinite and a NaN regression target give the row NaN gradients.
// Gradient  none: it is the gradient.
// Order     each row on its own: equal inputs give equal bits on one device.
// Throws    as outcome_stats; on CUDA a row without a cell, class or label gets NaN.
// Cost      reads each score, target, weight and cell, writes each gradient: 8 O + 5 bytes a row for f32 scores and u8
//           cells.
at::Tensor outcome_push(const at::Tensor& scores,                  // [K, N, O]
                        const at::Tensor& targets,                 // [N]
                        const at::Tensor& cells,                   // [N]
                        const at::Tensor& loss_price,              // [K, C M]
                        const at::Tensor& soft_price,              // [K, C M]
                        const std::optional<at::Tensor>& weights,  // [N]
                        const OutcomeRule& rule);

// The same into `gradient`, which is contiguous and may not overlap the scores: a training step keeps its buffer.
void outcome_push_out(at::Tensor& gradient,  // [K, N, O]
                      const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& cells,
                      const at::Tensor& loss_price, const at::Tensor& soft_price,
                      const std::optional<at::Tensor>& weights, const OutcomeRule& rule);

// The rule by name, as the dispatcher carries it: named_outcome_rule.
at::Tensor outcome_push_by_name(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& cells,
                                const at::Tensor& loss_price, const at::Tensor& soft_price, std::string_view kind,
                                at::ArrayRef<double> parameters, const std::optional<at::Tensor>& weights);

// Shapes    as outcome_push; kind and parameters as named_outcome_rule.
// Returns   value [K] f64 = sum over c of loss_price L_c + sum over m of soft_price P_{c, m}, and the sums [K, C M, 4] f64
//           of outcome_stats.
// Gradient  of value by the scores, as one op: forward measures, backward is outcome_push times the gradient of value.
//           The sums, the targets, the prices and the weights are constants.
// Order     as outcome_stats and outcome_push.
// Throws    as outcome_push; on a second derivative.
// Cost      outcome_stats forward, outcome_push backward.
std::tuple<at::Tensor, at::Tensor> outcome_lagrangian(const at::Tensor& scores, const at::Tensor& targets,
                                                      const at::Tensor& cells, const at::Tensor& loss_price,
                                                      const at::Tensor& soft_price, std::string_view kind,
                                                      at::ArrayRef<double> parameters,
                                                      const std::optional<at::Tensor>& weights);

// The same without a derivative: what outcome_lagrangian dispatches to.
std::tuple<at::Tensor, at::Tensor> outcome_lagrangian_forward(const at::Tensor& scores, const at::Tensor& targets,
                                                              const at::Tensor& cells, const at::Tensor& loss_price,
                                                              const at::Tensor& soft_price, std::string_view kind,
                                                              at::ArrayRef<double> parameters,
                                                              const std::optional<at::Tensor>& weights);

}  // namespace equipoise::kernels
