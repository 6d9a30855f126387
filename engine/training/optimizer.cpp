#include "engine/training/optimizer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
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

  void walk(const checkpoint::StateWalk& walk) override {
    walk.tensor("mean", state_.mean);
    walk.tensor("square", state_.square);
    walk.tensor("steps", state_.steps);
    walk.tensor("alive", state_.alive);
  }

 private:
  kernels::BankAdamWRule rule_;
  kernels::BankAdamWState state_;
};

// [K, 1] f64: the norm of each row. On the CPU it is added in order: the library's sum cuts long rows by the number of
// threads. On CUDA the squares are added in blocks, and the blocks: sums so short that the library takes no scratch for
// them.
class RowNorms {
 public:
  explicit RowNorms(const at::Tensor& rows)
      : norms_(at::empty({rows.size(0), 1}, rows.options().dtype(at::kDouble))), columns_(rows.size(1)) {
    if (!rows.is_cuda()) return;
    const std::int64_t blocks = (columns_ + kBlock - 1) / kBlock;
    squares_ = at::zeros({rows.size(0), blocks, kBlock}, norms_.options());
    partials_ = at::empty({rows.size(0), blocks}, norms_.options());
  }

  const at::Tensor& of(const at::Tensor& rows) {
    if (rows.is_cuda()) {
      at::Tensor squares = squares_.flatten(1).narrow(1, 0, columns_);
      squares.copy_(rows);
      squares.mul_(squares);
      at::sum_out(partials_, squares_, {2});
      at::sum_out(norms_, partials_, {1}, true);
      return norms_.sqrt_();
    }
    for (std::int64_t row = 0; row < rows.size(0); ++row) {
      const float* values = rows.const_data_ptr<float>() + row * columns_;
      double sum = 0;
      for (std::int64_t i = 0; i < columns_; ++i) sum += static_cast<double>(values[i]) * values[i];
      norms_.data_ptr<double>()[row] = std::sqrt(sum);
    }
    return norms_;
  }

 private:
  static constexpr std::int64_t kBlock = 2048;

  at::Tensor norms_;     // [K, 1]
  at::Tensor squares_;   // [K, blocks, kBlock], the end filled up with zeros, CUDA only
  at::Tensor partials_;  // [K, blocks], CUDA only
  std::int64_t columns_;
};

class Sgd final : public Optimizer {
 public:
  Sgd(const OptimizerParams& params, const at::Tensor& parameters)
      : norms_(parameters),
        momentum_(at::zeros_like(parameters)),
        alive_(at::ones({parameters.size(0)}, parameters.options().dtype(at::kByte))),
        finite_(at::empty_like(alive_)),
        moves_(at::ones({parameters.size(0), 1}, parameters.options().dtype(at::kBool))),
        scale_(at::empty({parameters.size(0), 1}, parameters.options().dtype(at::kDouble))),
        scale_f32_(at::empty({parameters.size(0), 1}, parameters.options())),
        rates_f32_(at::empty_like(scale_f32_)),
        gradient_(at::empty_like(parameters)),
        moved_(at::empty_like(parameters)),
        zero_(at::zeros({}, scale_.options())),
        longest_(at::full({}, params.clip_norm > 0 ? params.clip_norm : std::numeric_limits<double>::infinity(),
                          scale_.options())),
        weight_decay_(at::full({}, params.weight_decay, parameters.options())),
        friction_(at::full({}, params.momentum, parameters.options())) {}

  // The first step's momentum is the gradient itself, which is what a momentum of 0 before it gives.
  void step(at::Tensor& parameters, const at::Tensor& gradients, const at::Tensor& learning_rates) override {
    const at::Tensor& norms = norms_.of(gradients);
    stop_where_not_finite(norms);
    at::reciprocal_out(scale_, norms);
    scale_f32_.copy_(scale_.mul_(longest_).clamp_max_(1.0));
    at::mul_out(gradient_, gradients, scale_f32_);
    gradient_.add_(at::mul_out(moved_, parameters, weight_decay_));
    at::mul_out(moved_, momentum_, friction_);
    moved_.add_(gradient_);
    at::where_out(momentum_, moves_, moved_, momentum_);
    rates_f32_.copy_(learning_rates.unsqueeze(1));
    at::mul_out(moved_, momentum_, rates_f32_);
    at::sub_out(moved_, parameters, moved_);
    at::where_out(parameters, moves_, moved_, parameters);
  }

  const at::Tensor& alive() const override { return alive_; }

  void walk(const checkpoint::StateWalk& walk) override {
    walk.tensor("momentum", momentum_);
    walk.tensor("alive", alive_);
  }

 private:
  // A number is finite where it is 0 after it is taken from itself.
  void stop_where_not_finite(const at::Tensor& norms) {
    at::sub_out(scale_, norms, norms);
    at::eq_out(moves_, scale_, zero_);
    finite_.copy_(moves_.squeeze(1));  // of alive_'s type: on the CPU a product of two types takes memory
    alive_.mul_(finite_);
    moves_.squeeze(1).copy_(alive_);
  }

  RowNorms norms_;
  at::Tensor momentum_;                                  // [K, P]
  at::Tensor alive_, finite_;                            // [K]
  at::Tensor moves_;                                     // [K, 1], alive_ as what a choice reads
  at::Tensor scale_, scale_f32_, rates_f32_;             // [K, 1]
  at::Tensor gradient_, moved_;                          // [K, P], scratch
  at::Tensor zero_, longest_, weight_decay_, friction_;  // [] on the device, where a CUDA graph finds them
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerParams& params, const at::Tensor& parameters) {
  if (params.kind == "sgd") return std::make_unique<Sgd>(params, parameters);
  return std::make_unique<AdamW>(params, parameters);
}

double schedule_factor(const TrainingParams& params, std::int64_t step, std::int64_t steps) {
  const auto climbing = static_cast<std::int64_t>(params.warm_up * static_cast<double>(steps));
  if (step < climbing) return static_cast<double>(step + 1) / static_cast<double>(climbing + 1);
  if (params.schedule == "constant") return 1;
  const auto done = static_cast<double>(step - climbing), all = static_cast<double>(steps - climbing);
  return params.schedule == "linear" ? 1 - done / all : 0.5 * (1 + std::cos(std::numbers::pi * done / all));
}

std::vector<double> schedule_factors(const TrainingParams& params, std::int64_t steps) {
  std::vector<double> factors;
  for (std::int64_t step = 0; step < steps; ++step) factors.push_back(schedule_factor(params, step, steps));
  return factors;
}

}  // namespace equipoise::training
