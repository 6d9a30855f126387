#include "kernels/activate/activate.h"

#include <ATen/Parallel.h>

#include "kernels/activate/activate_kernel.h"
#include "kernels/arguments.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "activate";
constexpr std::int64_t kRowsPerTask = 64;
constexpr std::int64_t kUnitsPerTask = 64;

void check_block(const char* name, const at::Tensor& tensor) {
  TORCH_CHECK(tensor.defined(), kOp, ": ", name, " is an undefined tensor");
  check_supported(kOp, tensor);
  check_float_or_bfloat16(kOp, name, tensor);
  TORCH_CHECK(tensor.dim() == 3, kOp, ": ", name, " has shape ", tensor.sym_sizes(), ", expected [K, B, H]");
  check_contiguous(kOp, name, tensor);
}

void check_rate(std::int64_t rate_256) {
  TORCH_CHECK(rate_256 >= 0 && rate_256 < 256, kOp, ": rate_256 is ", rate_256, ", expected 0 to 255");
}

// A value for each unit of each member, such as a bias. Members may be any distance apart: a bank's biases lie among its
// other parameters.
void check_units(const char* name, const at::Tensor& tensor, const char* block_name, const at::Tensor& block) {
  check_device(kOp, name, tensor, block_name, block);
  check_type(kOp, name, tensor, at::kFloat);
  check_shape(kOp, name, tensor, {block.sym_size(0), block.sym_size(2)});
  TORCH_CHECK(tensor.sym_size(1) < 2 || tensor.sym_stride(1) == 1, kOp, ": ", name, " has strides ",
              tensor.sym_strides(), ", expected each member's units side by side");
}

void check_dropout(const Dropout& dropout, const at::Tensor& x) {
  check_rate(dropout.rate_256);
  TORCH_CHECK(dropout.first_row >= 0, kOp, ": first_row is ", dropout.first_row, ", expected 0 or more");
  if (dropout.rate_256 == 0) return;
  check_device(kOp, "seeds", dropout.seeds, "x", x);
  check_device(kOp, "step", dropout.step, "x", x);
  check_type(kOp, "seeds", dropout.seeds, at::kLong);
  check_type(kOp, "step", dropout.step, at::kLong);
  check_shape(kOp, "seeds", dropout.seeds, {x.sym_size(0)});
  check_shape(kOp, "step", dropout.step, {1});
  check_contiguous(kOp, "seeds", dropout.seeds);
}

}  // namespace

void activate_(at::Tensor& x, const std::optional<at::Tensor>& bias, const Dropout& dropout) {
  check_block("x", x);
  check_dropout(dropout, x);
  if (bias.has_value()) check_units("bias", *bias, "x", x);
  if (x.is_meta()) return;
  ActivateProblem problem;
  problem.x = x.data_ptr();
  problem.members = x.size(0);
  problem.rows = x.size(1);
  problem.units = x.size(2);
  problem.layer = dropout.layer;
  problem.bfloat16 = x.scalar_type() == at::kBFloat16;
  problem.rate_256 = dropout.rate_256;
  problem.first_row = dropout.first_row;
  if (bias.has_value()) {
    problem.bias = bias->const_data_ptr<float>();
    problem.bias_stride = bias->stride(0);
  }
  if (dropout.rate_256 > 0) {
    problem.seeds = dropout.seeds.const_data_ptr<std::int64_t>();
    problem.step = dropout.step.const_data_ptr<std::int64_t>();
  }
#ifdef EQUIPOISE_CUDA
  if (x.is_cuda()) {
    const c10::cuda::CUDAGuard guard(x.device());
    check_launched(kOp, launch_activate(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  at::parallel_for(0, problem.members * problem.rows, kRowsPerTask,
                   [&](std::int64_t begin, std::int64_t end) { activate_rows(problem, begin, end); });
}

void activate_backward_(at::Tensor& gradient, const at::Tensor& activated, std::optional<at::Tensor> bias_gradient,
                        std::int64_t rate_256) {
  check_block("gradient", gradient);
  check_block("activated", activated);
  check_shape(kOp, "activated", activated, gradient.sym_sizes());
  check_device(kOp, "activated", activated, "gradient", gradient);
  check_type(kOp, "activated", activated, gradient.scalar_type());
  check_rate(rate_256);
  if (bias_gradient.has_value()) check_units("bias_gradient", *bias_gradient, "gradient", gradient);
  if (gradient.is_meta()) return;
  ActivateBackwardProblem problem;
  problem.gradient = gradient.data_ptr();
  problem.activated = activated.const_data_ptr();
  problem.members = gradient.size(0);
  problem.rows = gradient.size(1);
  problem.units = gradient.size(2);
  problem.rate_256 = rate_256;
  problem.bfloat16 = gradient.scalar_type() == at::kBFloat16;
  if (bias_gradient.has_value()) {
    problem.bias_gradient = bias_gradient->data_ptr<float>();
    problem.bias_stride = bias_gradient->stride(0);
  }
#ifdef EQUIPOISE_CUDA
  if (gradient.is_cuda()) {
    const c10::cuda::CUDAGuard guard(gradient.device());
    check_launched(kOp, launch_activate_backward(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  at::parallel_for(0, problem.members * problem.units, kUnitsPerTask, [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {
      const std::int64_t member = begin / problem.units;
      const std::int64_t stop = end < (member + 1) * problem.units ? end : (member + 1) * problem.units;
      activate_backward_units(problem, member, begin - member * problem.units, stop - member * problem.units);
      begin = stop;
    }
  });
}

}  // namespace equipoise::kernels
