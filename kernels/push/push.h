// Push: the gradient of the Lagrangian by each logit; and the Lagrangian itself as one differentiable op.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

namespace equipoise::kernels {

// Shapes    as cell_stats; loss_price, soft_price [K, C] f32.
// Returns   gradient [K, N] in the logits' type:
//           s_i (loss_price[k, c] (sigmoid(z) - y) + soft_price[k, c] p (1 - p) / tau),
//           p = sigmoid((z - threshold) / tau), tau the temperature. A logit that is NaN or infinite gives a NaN gradient.
// Gradient  none: it is the gradient.
// Order     each row on its own: equal inputs give equal bits on one device.
// Throws    on a wrong type, shape or device, and on the CPU on a cell outside [0, C); on CUDA such a row gets NaN.
// Cost      reads each logit, weight and cell, writes each gradient: 9 bytes a row for f32 logits and u8 cells.
at::Tensor push(const at::Tensor& logits,                  // [K, N]
                const at::Tensor& cells,                   // [N]
                const at::Tensor& cell_labels,             // [C]
                const at::Tensor& loss_price,              // [K, C]
                const at::Tensor& soft_price,              // [K, C]
                const std::optional<at::Tensor>& weights,  // [N]
                double threshold, double temperature);

// The same into `gradient`, which is contiguous and may not overlap the logits: a training step keeps its buffer.
void push_out(at::Tensor& gradient,  // [K, N]
              const at::Tensor& logits, const at::Tensor& cells, const at::Tensor& cell_labels,
              const at::Tensor& loss_price, const at::Tensor& soft_price, const std::optional<at::Tensor>& weights,
              double threshold, double temperature);

// Shapes    as push.
// Returns   value [K] f64 = sum over c of loss_price L_c + soft_price P_c, and the sums [K, C, 4] f64 of cell_stats.
// Gradient  of value by the logits, as one op: forward measures, backward is push times the gradient of value.
//           The sums, the prices and the weights are constants.
// Order     as cell_stats and push.
// Throws    as push; on a second derivative.
// Cost      cell_stats forward, push backward.
std::tuple<at::Tensor, at::Tensor> lagrangian(const at::Tensor& logits, const at::Tensor& cells,
                                              const at::Tensor& cell_labels, const at::Tensor& loss_price,
                                              const at::Tensor& soft_price, const std::optional<at::Tensor>& weights,
                                              double threshold, double temperature);

// The same without a derivative: what lagrangian dispatches to.
std::tuple<at::Tensor, at::Tensor> lagrangian_forward(const at::Tensor& logits, const at::Tensor& cells,
                                                      const at::Tensor& cell_labels, const at::Tensor& loss_price,
                                                      const at::Tensor& soft_price,
                                                      const std::optional<at::Tensor>& weights, double threshold,
                                                      double temperature);

}  // namespace equipoise::kernels
