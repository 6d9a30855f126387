#include "engine/training/step.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "engine/constraints/compiled.h"
#include "engine/core/seed.h"
#include "kernels/cell_stats/cell_stats.h"
#include "kernels/draw/draw.h"
#include "kernels/not_finite/not_finite.h"
#include "kernels/push/push.h"

namespace equipoise::training {
namespace {

template <typename Scalar>
at::Tensor tensor_of(const std::vector<Scalar>& values, at::ScalarType type, const at::Device& device) {
  at::Tensor host = at::empty({static_cast<std::int64_t>(values.size())}, type);
  std::copy(values.begin(), values.end(), host.data_ptr<Scalar>());
  return host.to(device);
}

// 1 for the folds that member k learns from, 0 for fold k modulo F.
at::Tensor fold_mask(std::int64_t members, std::int64_t folds, const at::Device& device) {
  at::Tensor mask = at::ones({members, folds, 1}, at::kDouble);
  for (std::int64_t member = 0; member < members; ++member) {
    mask.data_ptr<double>()[member * folds + member % folds] = 0;
  }
  return mask.to(device);
}

}  // namespace

kernels::RateTable to_rate_table(const constraints::ConstraintTable& table, const at::Device& device) {
  const constraints::CompiledTable compiled = constraints::flatten(table);
  const auto whole = [&](const std::vector<std::int32_t>& values) { return tensor_of(values, at::kInt, device); };
  const auto real = [&](const std::vector<double>& values) { return tensor_of(values, at::kDouble, device); };
  kernels::RateTable result{
      whole(compiled.numerator_offsets),   whole(compiled.numerator_index),   real(compiled.numerator_value),
      whole(compiled.denominator_offsets), whole(compiled.denominator_index), real(compiled.denominator_value),
      whole(compiled.constraint_offsets),  whole(compiled.constraint_rate),   real(compiled.constraint_value)};
  kernels::check_rate_table(result, table.cells.count());
  return result;
}

TrainingStep::TrainingStep(const DeviceData& data, const constraints::ConstraintTable& table,
                           const constraints::MultiplierParams& multiplier_params,
                           const OptimizerParams& optimizer_params, const std::vector<double>& learning_rates,
                           std::int64_t batch_size, std::uint64_t seed, models::Learner& learner)
    : data_(data),
      learner_(learner),
      optimizer_(make_optimizer(optimizer_params, learner.flat_parameters())),
      table_(to_rate_table(table, data.cell_labels.device())),
      temperature_(multiplier_params.temperature),
      averaging_(multiplier_params.averaging),
      batch_seed_(core::seed_for(seed, "batches")) {
  const at::Device device = data.cell_labels.device();
  const std::int64_t members = learner.members();
  const auto options = at::TensorOptions().device(device);
  rows_ = at::empty({batch_size}, options.dtype(at::kLong));
  step_ = at::zeros({1}, options.dtype(at::kLong));
  if (data.folds.size() > 1) {
    learns_from_ = fold_mask(members, static_cast<std::int64_t>(data.folds.size()), device);
    priced_folds_ = learns_from_.unsqueeze(1).to(at::kFloat);
  }
  averages_ = kernels::empty_averages(members, table.cells.count(), device);
  averaged_steps_ = at::zeros_like(step_);
  multipliers_ = at::zeros({members, static_cast<std::int64_t>(table.rows.size())}, options.dtype(at::kDouble));
  full_rates_ = tensor_of(learning_rates, at::kDouble, device);
  learning_rates_ = at::zeros_like(full_rates_);
  logit_gradient_ = at::empty({members, batch_size}, options.dtype(at::kFloat));
}

void TrainingStep::set_multipliers(std::int64_t member, const std::vector<double>& values) {
  multipliers_.select(0, member).copy_(tensor_of(values, at::kDouble, at::kCPU));
}

void TrainingStep::run(std::int64_t step, double schedule) {
  step_.fill_(step);
  // A scalar travels with the kernel; a copy from the host would wait for the device.
  at::mul_out(learning_rates_, full_rates_, at::scalar_tensor(schedule, full_rates_.options().device(at::kCPU)));
  kernels::draw_epoch(rows_, data_.train.count, batch_seed_, step);
  const at::Tensor cells = data_.fold_cells.index_select(0, rows_);
  std::optional<at::Tensor> weights;
  if (data_.weights) weights = data_.weights->index_select(0, rows_);
  logits_ = learner_.forward(data_.encoded, rows_, step_);
  const at::Tensor sums = kernels::cell_stats(logits_, cells, data_.fold_cell_labels, weights, 0.0, temperature_);
  const at::Tensor prices = prices_of(sums);
  kernels::push_out(logit_gradient_, logits_, cells, data_.fold_cell_labels, prices.select(1, 0), prices.select(1, 1),
                    weights, 0.0, temperature_);
  learner_.backward(data_.encoded, rows_, logit_gradient_);
  optimizer_->step(learner_.flat_parameters(), learner_.flat_gradients(), learning_rates_);
}

// [K, 2, F * C] from [K, F * C, 4]. With several folds a member's own rows are neither summed nor priced.
at::Tensor TrainingStep::prices_of(const at::Tensor& sums) {
  const auto price = [&](const at::Tensor& seen) {
    return kernels::price(seen, averages_, averaged_steps_, multipliers_, table_, averaging_);
  };
  if (!learns_from_.defined()) return price(sums);
  const std::int64_t members = learns_from_.size(0), folds = learns_from_.size(1), cells = averages_.size(1);
  const at::Tensor seen = sums.view({members, folds, cells, 4}).mul(learns_from_.unsqueeze(3)).sum(1);
  const at::Tensor prices = price(seen).unsqueeze(2).mul(priced_folds_);
  return prices.view({members, 2, folds * cells});
}

std::vector<bool> TrainingStep::alive() const {
  const at::Tensor host = optimizer_->alive().to(at::kCPU);
  const std::uint8_t* flags = host.const_data_ptr<std::uint8_t>();
  return std::vector<bool>(flags, flags + host.numel());
}

// A NaN or infinite logit makes its gradient, and so every weight's, NaN: the optimizer need only look at the last.
std::string TrainingStep::failure_of(std::int64_t member) const {
  const std::int64_t slot = kernels::not_finite(logits_).select(0, member).item<std::int64_t>();
  if (slot < 0) return "the gradient left the finite numbers";
  const std::int64_t row = rows_.select(0, slot).item<std::int64_t>();
  return "the logits left the finite numbers (row " + std::to_string(slot) + " of the batch, training row " +
         std::to_string(row) + ")";
}

}  // namespace equipoise::training
