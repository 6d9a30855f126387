#include "engine/training/batch_weight.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

namespace equipoise::training {

BatchWeight::BatchWeight(const DeviceData& data, std::int64_t rows, bool weighted)
    : fold_of_entry_(data.fold_cells.to(at::kLong).floor_divide(data.kernel.cells).to(at::kByte)) {
  const std::int64_t of_a_row = data.kernel.cells_of_a_row, entries = rows * of_a_row;
  const auto folds = static_cast<std::int64_t>(data.folds.size());
  const auto bytes = fold_of_entry_.options(), single = bytes.dtype(at::kFloat);
  const std::vector<std::int64_t> shape =
      of_a_row == 1 ? std::vector<std::int64_t>{rows} : std::vector<std::int64_t>{rows, of_a_row};
  folds_ = at::empty(shape, bytes);
  if (weighted) weights_ = at::empty(shape, single);
  no_scores_ = at::zeros({1, entries}, single);
  no_labels_ = at::zeros({folds}, bytes);
  measured_ = kernels::make_cell_stats_workspace(1, entries, folds, fold_of_entry_.device());
}

at::Tensor BatchWeight::of(const at::Tensor& rows, const std::optional<at::Tensor>& weights, const at::Tensor& parts) {
  pick_rows(folds_, fold_of_entry_, rows);
  if (weights_) {
    pick_rows(*weights_, *weights, rows);
    if (parts.defined()) weights_->view({rows.size(0), -1}).mul_(parts.unsqueeze(1));
  }
  kernels::cell_stats_out(measured_, no_scores_, folds_.flatten(), no_labels_,
                          weights_ ? std::optional(weights_->flatten()) : std::nullopt, 0.0, 1.0);
  return measured_.sums.select(0, 0).select(1, 0);
}

}  // namespace equipoise::training
