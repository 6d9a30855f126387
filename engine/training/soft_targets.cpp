#include "engine/training/soft_targets.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mul.h>

namespace equipoise::training {
namespace {

// By the score, as losses are: a number in deviations of the target, whose squared error has twice the slope.
double slope_of(const DeviceData& data) {
  return data.kernel.task == data::Task::regression ? 2 / data.target_deviation : 1;
}

}  // namespace

SoftTargets::SoftTargets(const SoftTargetParams& params, const DeviceData& data, std::int64_t streams,
                         std::int64_t rows)
    : task_(data.kernel.task) {
  const bool are_classes = task_ == data::Task::classes;
  const double slope = slope_of(data), smoothed = (1 - params.teacher_weight) * params.smoothing;
  of_label_ = slope * (smoothed + params.teacher_weight);
  even_ = smoothed / (are_classes ? static_cast<double>(data.kernel.outputs) : 2);
  const std::int64_t scored = rows * data.kernel.cells_of_a_row;
  const auto single = at::TensorOptions().device(data.cell_labels.device()).dtype(at::kFloat);
  cells_ = at::empty({scored}, single.dtype(at::kLong));
  prices_ = at::empty({streams, scored}, single);
  label_of_cell_ = data.fold_cell_labels.to(at::kFloat);
  difference_ = at::empty({scored}, single);
  if (are_classes) {
    classes_ = at::empty({scored, 1}, cells_.options());
    difference_ = at::empty({scored, data.kernel.outputs}, single);
  }
  addition_ = at::empty({streams, scored, are_classes ? data.kernel.outputs : 1}, single);
  if (params.teacher_weight == 0) return;
  lessons_ = at::mul(data.teacher, slope * params.teacher_weight);
  taught_ = at::empty({rows, lessons_.size(1)}, single);
}

// Every operation rounds once, so that a row has the same bits wherever it lies.
void SoftTargets::set_difference(const at::Tensor& targets, const at::Tensor& rows) {
  if (task_ == data::Task::classes)
    difference_.zero_().scatter_(1, classes_.copy_(targets.view({-1, 1})), 1);
  else if (targets.defined())
    difference_.copy_(targets.flatten());
  else
    at::index_select_out(difference_, label_of_cell_, 0, cells_);
  difference_.mul_(of_label_);
  if (even_ > 0) difference_.sub_(even_);
  if (!taught_.defined()) return;
  at::index_select_out(taught_, lessons_, 0, rows);
  difference_.sub_(taught_.view(difference_.sizes()));
}

void SoftTargets::add(const PricedBatch& batch, const at::Tensor& targets, const at::Tensor& rows) {
  cells_.copy_(batch.cells);
  at::index_select_out(prices_, batch.price_of_cell(), 1, cells_);
  if (batch.weights) prices_.mul_(*batch.weights);
  set_difference(targets, rows);
  at::mul_out(addition_, prices_.unsqueeze(2), difference_.view({1, prices_.size(1), -1}));
  at::Tensor gradient = batch.gradient;
  gradient.view(addition_.sizes()).add_(addition_);
}

}  // namespace equipoise::training
