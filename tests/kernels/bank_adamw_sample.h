// Parameters and gradients of a bank, and AdamW in double that shares no code with the op.
#pragma once

#include <ATen/ATen.h>

#include <cmath>

#include "kernels/bank_adamw/bank_adamw.h"

namespace equipoise::kernels {

struct BankSample {
  at::Tensor parameters, gradients, learning_rates;
};

inline BankSample bank_sample(std::int64_t members, std::int64_t parameters, std::uint64_t seed) {
  at::manual_seed(seed);
  BankSample sample{at::randn({members, parameters}), at::randn({members, parameters}),
                    at::empty({members}, at::kDouble)};
  for (std::int64_t k = 0; k < members; ++k) sample.learning_rates[k] = 0.001 * static_cast<double>(k + 1);
  return sample;
}

// PyTorch's documented AdamW after clip_grad_norm_ (without its 1e-6), tensor by tensor.
struct AdamWOracle {
  at::Tensor parameters, mean, square;  // [K, P] f64
  int steps = 0;

  explicit AdamWOracle(const at::Tensor& start)
      : parameters(start.to(at::kDouble)), mean(at::zeros_like(parameters)), square(at::zeros_like(parameters)) {}

  void step(const at::Tensor& gradients, const at::Tensor& learning_rates, const BankAdamWRule& rule) {
    ++steps;
    at::Tensor g = gradients.to(at::kDouble);
    if (rule.clip_norm > 0) {
      const at::Tensor norm = g.square().sum(1, true).sqrt();
      g = g * (rule.clip_norm / norm).clamp_max(1.0);
    }
    const at::Tensor rate = learning_rates.unsqueeze(1);
    mean = rule.beta1 * mean + (1 - rule.beta1) * g;
    square = rule.beta2 * square + (1 - rule.beta2) * g.square();
    const at::Tensor mean_hat = mean / (1 - std::pow(rule.beta1, steps));
    const at::Tensor square_hat = square / (1 - std::pow(rule.beta2, steps));
    parameters =
        parameters - rate * rule.weight_decay * parameters - rate * mean_hat / (square_hat.sqrt() + rule.epsilon);
  }
};

}  // namespace equipoise::kernels
