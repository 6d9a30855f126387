// The Lagrangian as one autograd op: forward measures, backward pushes.
#include <ATen/TensorOperators.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/arguments.h"
#include "kernels/cell_stats/cell_stats.h"
#include "kernels/dispatched.h"
#include "kernels/push/push.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "lagrangian";

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A second derivative is refused: without this it would count as 0.
class LagrangianGradient : public torch::autograd::Function<LagrangianGradient> {
 public:
  static constexpr bool is_traceable = true;

  static at::Tensor forward(AutogradContext*, const at::Tensor& logits, const at::Tensor& cells,
                            const at::Tensor& cell_labels, const at::Tensor& loss_price, const at::Tensor& soft_price,
                            const std::optional<at::Tensor>& weights, double threshold, double temperature) {
    const at::AutoDispatchBelowADInplaceOrView below;
    static const auto op = dispatched<decltype(push)>("equipoise::push");
    return op.call(logits, cells, cell_labels, loss_price, soft_price, weights, threshold, temperature);
  }

  static variable_list backward(AutogradContext*, const variable_list&) {
    TORCH_CHECK(false, kOp, ": the gradient of its gradient was asked for, expected a first derivative only");
  }
};

class Lagrangian : public torch::autograd::Function<Lagrangian> {
 public:
  static constexpr bool is_traceable = true;

  static variable_list forward(AutogradContext* context, const at::Tensor& logits, const at::Tensor& cells,
                               const at::Tensor& cell_labels, const at::Tensor& loss_price,
                               const at::Tensor& soft_price, const std::optional<at::Tensor>& weights, double threshold,
                               double temperature) {
    const at::AutoDispatchBelowADInplaceOrView below;
    static const auto op = dispatched<decltype(lagrangian)>("equipoise::lagrangian");
    const auto [value, sums] =
        op.call(logits, cells, cell_labels, loss_price, soft_price, weights, threshold, temperature);
    context->save_for_backward(
        {logits, cells, cell_labels, loss_price, soft_price, weights.has_value() ? *weights : at::Tensor()});
    context->saved_data["threshold"] = threshold;
    context->saved_data["temperature"] = temperature;
    context->mark_non_differentiable({sums});
    return {value, sums};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    // The gradient is linear in the prices, so scaling them by the gradient of value costs no pass over the rows.
    const at::Tensor scale = gradients[0].to(at::kFloat).unsqueeze(1);
    std::optional<at::Tensor> weights;
    if (saved[5].defined()) weights = saved[5];
    at::Tensor gradient = LagrangianGradient::apply(saved[0], saved[1], saved[2], saved[3] * scale, saved[4] * scale,
                                                    weights, context->saved_data["threshold"].toDouble(),
                                                    context->saved_data["temperature"].toDouble());
    return {gradient, {}, {}, {}, {}, {}, {}, {}};
  }
};

}  // namespace

std::tuple<at::Tensor, at::Tensor> lagrangian(const at::Tensor& logits, const at::Tensor& cells,
                                              const at::Tensor& cell_labels, const at::Tensor& loss_price,
                                              const at::Tensor& soft_price, const std::optional<at::Tensor>& weights,
                                              double threshold, double temperature) {
  const variable_list results = Lagrangian::apply(logits, cells, cell_labels, loss_price.detach(), soft_price.detach(),
                                                  weights, threshold, temperature);
  return {results[0], results[1]};
}

std::tuple<at::Tensor, at::Tensor> lagrangian_forward(const at::Tensor& logits, const at::Tensor& cells,
                                                      const at::Tensor& cell_labels, const at::Tensor& loss_price,
                                                      const at::Tensor& soft_price,
                                                      const std::optional<at::Tensor>& weights, double threshold,
                                                      double temperature) {
  check_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  check_prices(kOp, loss_price, soft_price, logits, cell_labels);
  const at::Tensor sums = cell_stats(logits, cells, cell_labels, weights, threshold, temperature);
  const at::Tensor value = (sums.select(2, kLoss) * loss_price + sums.select(2, kSoftPositives) * soft_price).sum(1);
  return {value, sums};
}

}  // namespace equipoise::kernels
