#include "engine/training/optimizer.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace equipoise::training {
namespace {

class AdamW final : public Optimizer {
 public:
  AdamW(const OptimizerParams& params, const at::Tensor& parameters)
      : params_(params), mean_{at::zeros_like(parameters)}, square_{at::zeros_like(parameters)} {
    steps_ = {at::zeros({}, parameters.options())};
  }

  void step(at::Tensor& parameters, const at::Tensor& gradients, double learning_rate) override {
    steps_[0].add_(1);
    at::_fused_adamw_({parameters}, {gradients}, mean_, square_, {}, steps_, learning_rate, params_.beta1,
                      params_.beta2, params_.weight_decay, params_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
  }

 private:
  OptimizerParams params_;
  std::vector<at::Tensor> mean_, square_, steps_;
};

class Sgd final : public Optimizer {
 public:
  Sgd(const OptimizerParams& params, const at::Tensor& parameters)
      : params_(params), momentum_{at::zeros_like(parameters)} {}

  void step(at::Tensor& parameters, const at::Tensor& gradients, double learning_rate) override {
    at::_fused_sgd_({parameters}, {gradients}, momentum_, params_.weight_decay, params_.momentum, learning_rate,
                    /*dampening=*/0.0, /*nesterov=*/false, /*maximize=*/false, is_first_);
    is_first_ = false;
  }

 private:
  OptimizerParams params_;
  std::vector<at::Tensor> momentum_;
  bool is_first_ = true;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerParams& params, const at::Tensor& parameters) {
  if (params.kind == "sgd") return std::make_unique<Sgd>(params, parameters);
  return std::make_unique<AdamW>(params, parameters);
}

double scheduled_rate(const TrainingParams& params, std::int64_t step, std::int64_t steps) {
  const double rate = params.optimizer.learning_rate;
  if (params.schedule == "constant") return rate;
  return rate * 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(step) / static_cast<double>(steps)));
}

}  // namespace equipoise::training
