#include "engine/training/optimizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/bank_adamw/bank_adamw.h"

namespace equipoise::training {
namespace {

class AdamW final : public Optimizer {
 public:
  AdamW(const OptimizerParams& params, const at::Tensor& parameters)
      : rule_{params.beta1, params.beta2, params.epsilon, params.weight_decay, params.clip_norm},
        state_(kernels::make_bank_adamw_state(parameters)) {}

  void step(at::Tensor& parameters, const at::Tensor& gradients, const at::Tensor& learning_rates) override {
    kernels::bank_adamw_(parameters, gradients, state_, learning_rates, rule_);
  }

  const at::Tensor& alive() const override { return state_.alive; }

 private:
  kernels::BankAdamWRule rule_;
  kernels::BankAdamWState state_;
};

// [K, 1] f64, added in order on the CPU: the library's sum cuts long rows by the number of threads.
at::Tensor norms_of(const at::Tensor& gradients) {
  if (gradients.is_cuda()) return gradients.to(at::kDouble).square().sum(1, true).sqrt();
  at::Tensor norms = at::empty({gradients.size(0), 1}, at::kDouble);
  for (std::int64_t member = 0; member < gradients.size(0); ++member) {
    const float* values = gradients.const_data_ptr<float>() + member * gradients.size(1);
    double sum = 0;
    for (std::int64_t i = 0; i < gradients.size(1); ++i) sum += static_cast<double>(values[i]) * values[i];
    norms.data_ptr<double>()[member] = std::sqrt(sum);
  }
  return norms;
}

class Sgd final : public Optimizer {
 public:
  Sgd(const OptimizerParams& params, const at::Tensor& parameters)
      : params_(params),
        momentum_(at::zeros_like(parameters)),
        alive_(at::ones({parameters.size(0)}, parameters.options().dtype(at::kByte))) {}

  // The first step's momentum is the gradient itself, which is what a momentum of 0 before it gives.
  void step(at::Tensor& parameters, const at::Tensor& gradients, const at::Tensor& learning_rates) override {
    const at::Tensor norms = norms_of(gradients);
    alive_.mul_(norms.isfinite().squeeze(1));
    const at::Tensor moves = alive_.to(at::kBool).unsqueeze(1);
    const double longest = params_.clip_norm > 0 ? params_.clip_norm : std::numeric_limits<double>::infinity();
    const at::Tensor scale = (longest / norms).clamp_max(1.0).to(at::kFloat);
    const at::Tensor gradient = gradients * scale + params_.weight_decay * parameters;
    momentum_.copy_(at::where(moves, params_.momentum * momentum_ + gradient, momentum_));
    const at::Tensor rates = learning_rates.unsqueeze(1).to(at::kFloat);
    parameters.copy_(at::where(moves, parameters - rates * momentum_, parameters));
  }

  const at::Tensor& alive() const override { return alive_; }

 private:
  OptimizerParams params_;
  at::Tensor momentum_;  // [K, P]
  at::Tensor alive_;     // [K]
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerParams& params, const at::Tensor& parameters) {
  if (params.kind == "sgd") return std::make_unique<Sgd>(params, parameters);
  return std::make_unique<AdamW>(params, parameters);
}

double schedule_factor(const TrainingParams& params, std::int64_t step, std::int64_t steps) {
  if (params.schedule == "constant") return 1;
  return 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(step) / static_cast<double>(steps)));
}

}  // namespace equipoise::training
