#include "engine/training/step.h"

#include <ATen/Functions.h>

#include <cmath>

#include "engine/constraints/compiled.h"
#include "engine/core/error.h"
#include "engine/core/seed.h"
#include "kernels/cell_stats/cell_stats.h"
#include "kernels/draw/draw.h"
#include "kernels/push/push.h"

namespace equipoise::training {
namespace {

template <typename Scalar>
at::Tensor tensor_of(const std::vector<Scalar>& values, at::ScalarType type, const at::Device& device) {
  at::Tensor host = at::empty({static_cast<std::int64_t>(values.size())}, type);
  std::copy(values.begin(), values.end(), host.data_ptr<Scalar>());
  return host.to(device);
}

core::UserError diverged(std::int64_t step, const std::string& tensor) {
  return core::UserError(core::Fault::numerical,
                         "step " + std::to_string(step) + ": " + tensor +
                             " left the finite numbers; a smaller training.optimizer.learning_rate or multipliers.step "
                             "often helps");
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
                           const OptimizerParams& optimizer_params, std::int64_t batch_size, std::uint64_t seed,
                           models::Learner& learner)
    : data_(data),
      learner_(learner),
      optimizer_(make_optimizer(optimizer_params, learner.flat_parameters())),
      table_(to_rate_table(table, data.cell_labels.device())),
      temperature_(multiplier_params.temperature),
      averaging_(multiplier_params.averaging),
      batch_seed_(core::seed_for(seed, "batches")) {
  const at::Device device = data.cell_labels.device();
  const std::int64_t members = learner.members();
  rows_ = at::empty({batch_size}, at::TensorOptions().dtype(at::kLong).device(device));
  step_ = at::zeros({1}, at::TensorOptions().dtype(at::kLong).device(device));
  averages_ = kernels::empty_averages(members, table.cells.count(), device);
  averaged_steps_ = at::zeros_like(step_);
  multipliers_ = at::zeros({members, static_cast<std::int64_t>(table.rows.size())},
                           at::TensorOptions().dtype(at::kDouble).device(device));
  logit_gradient_ = at::empty({members, batch_size}, at::TensorOptions().dtype(at::kFloat).device(device));
}

void TrainingStep::set_multipliers(const std::vector<double>& values) {
  multipliers_.copy_(tensor_of(values, at::kDouble, at::kCPU).expand_as(multipliers_));
}

void TrainingStep::run(std::int64_t step, double learning_rate) {
  step_.fill_(step);
  kernels::draw_epoch(rows_, data_.train.count, batch_seed_, step);
  const at::Tensor cells = data_.cells.index_select(0, rows_);
  std::optional<at::Tensor> weights;
  if (data_.weights) weights = data_.weights->index_select(0, rows_);
  const at::Tensor& logits = learner_.forward(data_.encoded, rows_, step_);
  check_finite(step, logits, "the logits");
  const at::Tensor sums = kernels::cell_stats(logits, cells, data_.cell_labels, weights, 0.0, temperature_);
  const at::Tensor prices = kernels::price(sums, averages_, averaged_steps_, multipliers_, table_, averaging_);
  kernels::push_out(logit_gradient_, logits, cells, data_.cell_labels, prices.select(1, 0), prices.select(1, 1),
                    weights, 0.0, temperature_);
  learner_.backward(data_.encoded, rows_, logit_gradient_);
  check_finite(step, learner_.flat_gradients(), "the gradient");
  optimizer_->step(learner_.flat_parameters(), learner_.flat_gradients(), learning_rate);
}

// The sum of finite numbers may overflow, so each is looked at before the run is given up.
void TrainingStep::check_finite(std::int64_t step, const at::Tensor& values, const char* name) {
  if (std::isfinite(values.sum().item<float>())) return;
  if (!values.isfinite().all().item<bool>()) throw diverged(step, name);
}

}  // namespace equipoise::training
