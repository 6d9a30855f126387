// The Lagrangian over outcomes as one autograd op: forward measures, backward pushes.
#include <ATen/TensorOperators.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cell_stats/cell_stats.h"
#include "kernels/dispatched.h"
#include "kernels/outcome_push/outcome_push.h"
#include "kernels/outcome_stats/outcome_arguments.h"
#include "kernels/outcome_stats/outcome_stats.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "outcome_lagrangian";

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A second derivative is refused: without this it would count as 0.
class OutcomeLagrangianGradient : public torch::autograd::Function<OutcomeLagrangianGradient> {
 public:
  static constexpr bool is_traceable = true;

  static at::Tensor forward(AutogradContext*, const at::Tensor& scores, const at::Tensor& targets,
                            const at::Tensor& cells, const at::Tensor& loss_price, const at::Tensor& soft_price,
                            const std::string& kind, const std::vector<double>& parameters,
                            const std::optional<at::Tensor>& weights) {
    const at::AutoDispatchBelowADInplaceOrView below;
    static const auto op = dispatched<decltype(outcome_push_by_name)>("equipoise::outcome_push");
    return op.call(scores, targets, cells, loss_price, soft_price, kind, parameters, weights);
  }

  static variable_list backward(AutogradContext*, const variable_list&) {
    TORCH_CHECK(false, kOp, ": the gradient of its gradient was asked for, expected a first derivative only");
  }
};

class OutcomeLagrangian : public torch::autograd::Function<OutcomeLagrangian> {
 public:
  static constexpr bool is_traceable = true;

  static variable_list forward(AutogradContext* context, const at::Tensor& scores, const at::Tensor& targets,
                               const at::Tensor& cells, const at::Tensor& loss_price, const at::Tensor& soft_price,
                               const std::string& kind, const std::vector<double>& parameters,
                               const std::optional<at::Tensor>& weights) {
    const at::AutoDispatchBelowADInplaceOrView below;
    static const auto op = dispatched<decltype(outcome_lagrangian)>("equipoise::outcome_lagrangian");
    const auto [value, sums] = op.call(scores, targets, cells, loss_price, soft_price, kind, parameters, weights);
    context->save_for_backward(
        {scores, targets, cells, loss_price, soft_price, weights.has_value() ? *weights : at::Tensor()});
    context->saved_data["kind"] = kind;
    context->saved_data["parameters"] = parameters;
    context->mark_non_differentiable({sums});
    return {value, sums};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    // The gradient is linear in the prices, so scaling them by the gradient of value costs no pass over the rows.
    const at::Tensor scale = gradients[0].to(at::kFloat).unsqueeze(1);
    std::optional<at::Tensor> weights;
    if (saved[5].defined()) weights = saved[5];
    at::Tensor gradient = OutcomeLagrangianGradient::apply(saved[0], saved[1], saved[2], saved[3] * scale,
                                                           saved[4] * scale, context->saved_data["kind"].toStringRef(),
                                                           context->saved_data["parameters"].toDoubleVector(), weights);
    return {gradient, {}, {}, {}, {}, {}, {}, {}};
  }
};

}  // namespace

std::tuple<at::Tensor, at::Tensor> outcome_lagrangian(const at::Tensor& scores, const at::Tensor& targets,
                                                      const at::Tensor& cells, const at::Tensor& loss_price,
                                                      const at::Tensor& soft_price, std::string_view kind,
                                                      at::ArrayRef<double> parameters,
                                                      const std::optional<at::Tensor>& weights) {
  const variable_list results =
      OutcomeLagrangian::apply(scores, targets.detach(), cells, loss_price.detach(), soft_price.detach(),
                               std::string(kind), parameters.vec(), weights);
  return {results[0], results[1]};
}

std::tuple<at::Tensor, at::Tensor> outcome_lagrangian_forward(const at::Tensor& scores, const at::Tensor& targets,
                                                              const at::Tensor& cells, const at::Tensor& loss_price,
                                                              const at::Tensor& soft_price, std::string_view kind,
                                                              at::ArrayRef<double> parameters,
                                                              const std::optional<at::Tensor>& weights) {
  const OutcomeRule rule = named_outcome_rule(kind, parameters.vec());
  check_outcome_rows(kOp, scores, targets, cells, weights, rule);
  check_outcome_prices(kOp, loss_price, soft_price, scores, rule);
  const std::int64_t outcomes = rule.outcomes;
  const at::Tensor sums = outcome_stats(scores, targets, cells, loss_price.size(1) / outcomes, weights, rule);
  const at::Tensor losses = sums.select(2, kLoss).slice(1, 0, std::nullopt, outcomes);
  const at::Tensor value = (losses * loss_price.slice(1, 0, std::nullopt, outcomes)).sum(1) +
                           (sums.select(2, kSoftPositives) * soft_price).sum(1);
  return {value, sums};
}

}  // namespace equipoise::kernels
