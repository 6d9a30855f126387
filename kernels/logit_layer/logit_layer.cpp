#include "kernels/logit_layer/logit_layer.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

#include "kernels/arguments.h"
#include "kernels/logit_layer/logit_layer_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "logit_layer_backward";
constexpr std::int64_t kUnitsPerTask = 64;

// [K, H], the units of a member side by side.
void check_units(const char* name, const at::Tensor& tensor, at::ScalarType type, const at::Tensor& activated) {
  check_device(kOp, name, tensor, "activated", activated);
  check_type(kOp, name, tensor, type);
  check_shape(kOp, name, tensor, {activated.sym_size(0), activated.sym_size(2)});
  TORCH_CHECK(tensor.sym_size(1) < 2 || tensor.sym_stride(1) == 1, kOp, ": ", name, " has strides ",
              tensor.sym_strides(), ", expected each member's units side by side");
}

void check_inputs(const at::Tensor& gradient, const at::Tensor& weight, const at::Tensor& activated,
                  std::int64_t rate_256) {
  TORCH_CHECK(activated.defined(), kOp, ": activated is an undefined tensor");
  check_supported(kOp, activated);
  check_float_or_bfloat16(kOp, "activated", activated);
  TORCH_CHECK(activated.dim() == 3 && activated.sym_size(2) > 0, kOp, ": activated has shape ", activated.sym_sizes(),
              ", expected [K, B, H] with H > 0");
  check_contiguous(kOp, "activated", activated);
  check_device(kOp, "gradient", gradient, "activated", activated);
  check_type(kOp, "gradient", gradient, at::kFloat);
  check_shape(kOp, "gradient", gradient, {activated.sym_size(0), activated.sym_size(1)});
  check_contiguous(kOp, "gradient", gradient);
  check_units("weight", weight, activated.scalar_type(), activated);
  TORCH_CHECK(rate_256 >= 0 && rate_256 < 256, kOp, ": rate_256 is ", rate_256, ", expected 0 to 255");
}

// Every unit of every member, in tasks that stay inside a member.
void run_on_cpu(const LogitLayerProblem& problem) {
  const std::int64_t tasks = (problem.units + kUnitsPerTask - 1) / kUnitsPerTask;
  at::parallel_for(0, problem.members * tasks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t first = task % tasks * kUnitsPerTask;
      logit_layer_backward_units(problem, task / tasks, first, std::min(first + kUnitsPerTask, problem.units));
    }
  });
}

}  // namespace

at::Tensor make_logit_layer_partials(std::int64_t members, std::int64_t rows, std::int64_t units,
                                     const at::Device& device) {
  if (!device.is_cuda()) return {};
  return at::empty({logit_layer_strips(rows), members, 2 * units + 1},
                   at::TensorOptions().dtype(at::kFloat).device(device));
}

void logit_layer_backward_out(at::Tensor& below, at::Tensor& weight_gradient, at::Tensor& bias_gradient,
                              std::optional<at::Tensor> below_bias_gradient, at::Tensor& partials,
                              const at::Tensor& gradient, const at::Tensor& weight, const at::Tensor& activated,
                              std::int64_t rate_256) {
  check_inputs(gradient, weight, activated, rate_256);
  check_written(kOp, "below", below, activated.scalar_type(), activated.sym_sizes(), "activated", activated);
  check_units("weight_gradient", weight_gradient, at::kFloat, activated);
  check_device(kOp, "bias_gradient", bias_gradient, "activated", activated);
  check_type(kOp, "bias_gradient", bias_gradient, at::kFloat);
  check_shape(kOp, "bias_gradient", bias_gradient, {activated.sym_size(0)});
  if (below_bias_gradient.has_value()) check_units("below_bias_gradient", *below_bias_gradient, at::kFloat, activated);
  LogitLayerProblem problem;
  problem.gradient = gradient.const_data_ptr<float>();
  problem.weight = weight.const_data_ptr();
  problem.activated = activated.const_data_ptr();
  problem.below = below.mutable_data_ptr();
  problem.weight_gradient = weight_gradient.mutable_data_ptr<float>();
  problem.bias_gradient = bias_gradient.mutable_data_ptr<float>();
  problem.weight_stride = weight.stride(0);
  problem.weight_gradient_stride = weight_gradient.stride(0);
  problem.bias_gradient_stride = bias_gradient.stride(0);
  if (below_bias_gradient.has_value()) {
    problem.below_bias_gradient = below_bias_gradient->mutable_data_ptr<float>();
    problem.below_bias_stride = below_bias_gradient->stride(0);
  }
  problem.members = activated.size(0);
  problem.rows = activated.size(1);
  problem.units = activated.size(2);
  problem.rate_256 = rate_256;
  problem.bfloat16 = activated.scalar_type() == at::kBFloat16;
#ifdef EQUIPOISE_CUDA
  if (activated.is_cuda()) {
    problem.strips = logit_layer_strips(problem.rows);
    problem.strip_rows = logit_layer_strip_rows(problem.rows);
    check_written(kOp, "partials", partials, at::kFloat, {problem.strips, problem.members, 2 * problem.units + 1},
                  "activated", activated);
    problem.partials = partials.mutable_data_ptr<float>();
    const c10::cuda::CUDAGuard guard(activated.device());
    check_launched(kOp, launch_logit_layer_backward(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  run_on_cpu(problem);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> logit_layer_backward(const at::Tensor& gradient,
                                                                                const at::Tensor& weight,
                                                                                const at::Tensor& activated,
                                                                                std::int64_t rate_256) {
  check_inputs(gradient, weight, activated, rate_256);
  const c10::SymInt members = activated.sym_size(0), units = activated.sym_size(2);
  at::Tensor below = at::empty_like(activated);
  at::Tensor weight_gradient = at::empty_symint({members, units}, gradient.options());
  at::Tensor bias_gradient = at::empty_symint({members}, gradient.options());
  at::Tensor below_bias_gradient = at::empty_like(weight_gradient);
  if (!activated.is_meta()) {
    at::Tensor partials =
        make_logit_layer_partials(activated.size(0), activated.size(1), activated.size(2), activated.device());
    logit_layer_backward_out(below, weight_gradient, bias_gradient, below_bias_gradient, partials, gradient, weight,
                             activated, rate_256);
  }
  return {below, weight_gradient, bias_gradient, below_bias_gradient};
}

}  // namespace equipoise::kernels
