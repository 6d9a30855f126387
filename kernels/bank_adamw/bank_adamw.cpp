#include "kernels/bank_adamw/bank_adamw.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "kernels/arguments.h"
#include "kernels/bank_adamw/bank_adamw_kernel.h"
#include "kernels/device/finite.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "bank_adamw";
constexpr std::int64_t kParametersPerTask = 8 * kNormBlock;

void check_values(const char* name, const at::Tensor& tensor, const at::Tensor& parameters) {
  check_written(kOp, name, tensor, at::kFloat, parameters.sym_sizes(), "parameters", parameters);
}

void check_per_member(const char* name, const at::Tensor& tensor, at::ScalarType type, const at::Tensor& parameters) {
  check_written(kOp, name, tensor, type, {parameters.sym_size(0)}, "parameters", parameters);
}

void check_rule(const BankAdamWRule& rule) {
  const auto is_decay = [](double beta) { return beta >= 0 && beta < 1; };
  TORCH_CHECK(is_decay(rule.beta1), kOp, ": beta1 is ", rule.beta1, ", expected 0 to below 1");
  TORCH_CHECK(is_decay(rule.beta2), kOp, ": beta2 is ", rule.beta2, ", expected 0 to below 1");
  TORCH_CHECK(rule.epsilon > 0 && is_finite(rule.epsilon), kOp, ": epsilon is ", rule.epsilon,
              ", expected a finite number above 0");
  TORCH_CHECK(rule.weight_decay >= 0 && is_finite(rule.weight_decay), kOp, ": weight_decay is ", rule.weight_decay,
              ", expected a finite number from 0");
  TORCH_CHECK(rule.clip_norm >= 0 && is_finite(rule.clip_norm), kOp, ": clip_norm is ", rule.clip_norm,
              ", expected a finite number from 0");
}

// The host may look at the rates here; on CUDA the kernel does.
void check_rates(const at::Tensor& learning_rates) {
  for (std::int64_t member = 0; member < learning_rates.size(0); ++member) {
    const double rate = learning_rates.const_data_ptr<double>()[member];
    TORCH_CHECK(rate >= 0 && is_finite(rate), kOp, ": learning_rates[", member, "] is ", rate,
                ", expected a finite number from 0");
  }
}

std::int64_t norm_blocks(const at::Tensor& parameters) {
  return (parameters.size(1) + kNormBlock - 1) / kNormBlock;
}

at::Tensor make_partials(const at::Tensor& parameters) {
  return at::empty({parameters.size(0), norm_blocks(parameters)}, parameters.options().dtype(at::kDouble));
}

// The state's own scratch where it has one.
at::Tensor partials_of(const BankAdamWState& state, const at::Tensor& parameters) {
  if (!state.partials.defined()) return make_partials(parameters);
  check_written(kOp, "partials", state.partials, at::kDouble, {parameters.size(0), norm_blocks(parameters)},
                "parameters", parameters);
  return state.partials;
}

void check_arguments(const at::Tensor& parameters, const at::Tensor& gradients, const BankAdamWState& state,
                     const at::Tensor& learning_rates, const BankAdamWRule& rule) {
  TORCH_CHECK(parameters.defined(), kOp, ": parameters is an undefined tensor");
  check_supported(kOp, parameters);
  TORCH_CHECK(parameters.dim() == 2, kOp, ": parameters has shape ", parameters.sym_sizes(), ", expected [K, P]");
  check_values("parameters", parameters, parameters);
  check_values("gradients", gradients, parameters);
  check_values("mean", state.mean, parameters);
  check_values("square", state.square, parameters);
  check_per_member("steps", state.steps, at::kLong, parameters);
  check_per_member("alive", state.alive, at::kByte, parameters);
  check_per_member("norms", state.norms, at::kDouble, parameters);
  check_per_member("learning_rates", learning_rates, at::kDouble, parameters);
  check_rule(rule);
}

BankAdamWProblem problem_of(at::Tensor& parameters, const at::Tensor& gradients, BankAdamWState& state,
                            const at::Tensor& learning_rates, const BankAdamWRule& rule) {
  BankAdamWProblem problem;
  problem.parameters = parameters.mutable_data_ptr<float>();
  problem.gradients = gradients.const_data_ptr<float>();
  problem.mean = state.mean.mutable_data_ptr<float>();
  problem.square = state.square.mutable_data_ptr<float>();
  problem.steps = state.steps.mutable_data_ptr<std::int64_t>();
  problem.alive = state.alive.mutable_data_ptr<std::uint8_t>();
  problem.norms = state.norms.mutable_data_ptr<double>();
  problem.learning_rates = learning_rates.const_data_ptr<double>();
  problem.members = parameters.size(0);
  problem.parameter_count = parameters.size(1);
  problem.blocks = norm_blocks(parameters);
  problem.beta1 = rule.beta1;
  problem.beta2 = rule.beta2;
  problem.epsilon = rule.epsilon;
  problem.weight_decay = rule.weight_decay;
  problem.clip_norm = rule.clip_norm;
  return problem;
}

void run_on_cpu(const BankAdamWProblem& problem) {
  at::parallel_for(0, problem.members * problem.blocks, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      problem.partials[i] = squares_of_block(problem, i / problem.blocks, i % problem.blocks);
  });
  std::vector<AdamWStep> steps(static_cast<std::size_t>(problem.members));
  std::vector<std::int64_t> moving;
  for (std::int64_t member = 0; member < problem.members; ++member) {
    double sum = 0;
    for (std::int64_t block = 0; block < problem.blocks; ++block)
      sum += problem.partials[member * problem.blocks + block];
    if (begin_member_step(problem, member, sum, steps[static_cast<std::size_t>(member)])) moving.push_back(member);
  }
  const std::int64_t tasks = (problem.parameter_count + kParametersPerTask - 1) / kParametersPerTask;
  const std::int64_t count = static_cast<std::int64_t>(moving.size()) * tasks;
  at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t member = moving[static_cast<std::size_t>(i / tasks)];
      const std::int64_t from = i % tasks * kParametersPerTask;
      const std::int64_t to = std::min(from + kParametersPerTask, problem.parameter_count);
      adamw_range(problem, steps[static_cast<std::size_t>(member)], member, from, to);
    }
  });
}

}  // namespace

BankAdamWState make_bank_adamw_state(const at::Tensor& parameters) {
  const at::TensorOptions options = parameters.options();
  const std::int64_t members = parameters.size(0);
  return {at::zeros_like(parameters),
          at::zeros_like(parameters),
          at::zeros({members}, options.dtype(at::kLong)),
          at::ones({members}, options.dtype(at::kByte)),
          at::zeros({members}, options.dtype(at::kDouble)),
          make_partials(parameters)};
}

void bank_adamw_(at::Tensor& parameters, const at::Tensor& gradients, BankAdamWState& state,
                 const at::Tensor& learning_rates, const BankAdamWRule& rule) {
  check_arguments(parameters, gradients, state, learning_rates, rule);
  if (parameters.is_meta()) return;
  BankAdamWProblem problem = problem_of(parameters, gradients, state, learning_rates, rule);
  const at::Tensor partials = partials_of(state, parameters);
  problem.partials = partials.mutable_data_ptr<double>();
#ifdef EQUIPOISE_CUDA
  if (parameters.is_cuda()) {
    const c10::cuda::CUDAGuard guard(parameters.device());
    check_launched(kOp, launch_bank_adamw(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  check_rates(learning_rates);
  run_on_cpu(problem);
}

}  // namespace equipoise::kernels
