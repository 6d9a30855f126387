// The first layer as one autograd op.
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/arguments.h"
#include "kernels/dispatched.h"
#include "kernels/encoded_linear/encoded_linear.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "encoded_linear";

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The gradient is linear in the gradient of the output, with the same encoded rows: its own gradient is the op again.
class EncodedLinearGradient : public torch::autograd::Function<EncodedLinearGradient> {
 public:
  static constexpr bool is_traceable = true;

  static variable_list forward(AutogradContext* context, const at::Tensor& codes, const at::Tensor& values,
                               const at::Tensor& layout, const at::Tensor& rows, const at::Tensor& output_gradient,
                               std::int64_t width) {
    const at::AutoDispatchBelowADInplaceOrView below;
    static const auto op = dispatched<decltype(encoded_linear_backward)>("equipoise::encoded_linear_backward");
    const auto [weight, bias] = op.call(codes, values, layout, rows, output_gradient, width);
    context->save_for_backward({codes, values, layout, rows});
    return {weight, bias};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    static const auto op = dispatched<decltype(encoded_linear)>("equipoise::encoded_linear");
    const variable_list saved = context->get_saved_variables();
    return {{}, {}, {}, {}, op.call(saved[0], saved[1], saved[2], saved[3], gradients[0], gradients[1]), {}};
  }
};

class EncodedLinear : public torch::autograd::Function<EncodedLinear> {
 public:
  static constexpr bool is_traceable = true;

  static at::Tensor forward(AutogradContext* context, const at::Tensor& codes, const at::Tensor& values,
                            const at::Tensor& layout, const at::Tensor& rows, const at::Tensor& weight,
                            const at::Tensor& bias) {
    const at::AutoDispatchBelowADInplaceOrView below;
    static const auto op = dispatched<decltype(encoded_linear)>("equipoise::encoded_linear");
    at::Tensor out = op.call(codes, values, layout, rows, weight, bias);
    context->save_for_backward({codes, values, layout, rows});
    context->saved_data["width"] = weight.sym_size(1).guard_int(__FILE__, __LINE__);
    return out;
  }

  // The op is linear in weight and bias, and its gradient does not depend on them.
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const variable_list found = EncodedLinearGradient::apply(
        saved[0], saved[1], saved[2], saved[3], gradients[0].contiguous(), context->saved_data["width"].toInt());
    return {{}, {}, {}, {}, found[0], found[1]};
  }
};

}  // namespace

at::Tensor encoded_linear(const at::Tensor& codes, const at::Tensor& values, const at::Tensor& layout,
                          const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias) {
  return EncodedLinear::apply(codes, values, layout, rows, weight, bias);
}

at::Tensor encoded_linear_forward(const at::Tensor& codes, const at::Tensor& values, const at::Tensor& layout,
                                  const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias) {
  TORCH_CHECK(weight.dim() == 3, kOp, ": weight has shape ", weight.sym_sizes(), ", expected [K, D, H]");
  const EncodedTensors encoded{codes, values, layout, weight.sym_size(1).guard_int(__FILE__, __LINE__)};
  check_encoded_linear(encoded, rows);
  at::Tensor out = at::empty_symint({weight.sym_size(0), rows.sym_size(0), weight.sym_size(2)}, weight.options());
  at::Tensor ramp_sums = at::empty_like(weight);
  encoded_ramp_sums_out(ramp_sums, encoded, weight);
  encoded_linear_out(out, encoded, rows, weight, ramp_sums, bias);
  return out;
}

std::tuple<at::Tensor, at::Tensor> encoded_linear_backward(const at::Tensor& codes, const at::Tensor& values,
                                                           const at::Tensor& layout, const at::Tensor& rows,
                                                           const at::Tensor& output_gradient, std::int64_t width) {
  TORCH_CHECK(output_gradient.dim() == 3, kOp, ": output_gradient has shape ", output_gradient.sym_sizes(),
              ", expected [K, B, H]");
  TORCH_CHECK(width >= 0, kOp, ": width is ", width, ", expected 0 or more");
  const EncodedTensors encoded{codes, values, layout, width};
  check_encoded_linear(encoded, rows);
  const c10::SymInt members = output_gradient.sym_size(0), outputs = output_gradient.sym_size(2);
  at::Tensor weight_gradient = at::empty_symint({members, width, outputs}, output_gradient.options());
  at::Tensor bias_gradient = at::empty_symint({members, outputs}, output_gradient.options());
  encoded_linear_backward_out(weight_gradient, bias_gradient, encoded, rows, output_gradient);
  return {weight_gradient, bias_gradient};
}

}  // namespace equipoise::kernels
