#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "engine/training/device_data.h"
#include "kernels/cell_stats/cell_stats.h"

namespace equipoise::training {

/// How much the rows of a whole batch weigh, by fold: what every rank finds by itself, for each draws the whole batch.
class BatchWeight {
 public:
  /// For so many rows a batch; `weighted`: of() will be given weights.
  BatchWeight(const DeviceData& data, std::int64_t rows, bool weighted);

  /// [F] f64 of `rows` [B] i64, places among the training rows; `weights` [N * A] of all of them, `parts` [B] f32 what a row counts, undefined: 1.
  /// Takes no tensor memory after the constructor, and waits for no device.
  at::Tensor of(const at::Tensor& rows, const std::optional<at::Tensor>& weights, const at::Tensor& parts);

 private:
  at::Tensor fold_of_entry_;  // [N * A] u8
  at::Tensor folds_;          // [B, A] u8 of the batch; [B] where A is 1
  std::optional<at::Tensor> weights_;
  at::Tensor no_scores_, no_labels_;  // [1, B * A] f32, [F] u8
  kernels::CellStatsWorkspace measured_;
};

}  // namespace equipoise::training
