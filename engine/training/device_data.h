#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/models/learner.h"
#include "engine/training/kernel_cells.h"

namespace equipoise::training {

/// The rows of some splits on the device, one split after the other, so that each is a range. A row has A cells one after the
/// other (kernel_cells.h), mostly one. The test split is never
/// among them: training cannot see it.
struct DeviceData {
  struct Range {
    std::int64_t first = 0, count = 0;
  };

  std::vector<std::int64_t> order;  ///< the row of the data set that each row is
  data::EncodedRows host;           ///< the reordered rows; `encoded` may share its memory
  models::EncodedTensors encoded;
  KernelCells kernel;
  at::Tensor cells;        ///< [rows * A] the kernels' cells: the smallest of u8, i16, i32 that holds every one
  at::Tensor cell_labels;  ///< [Ck] u8, of binary scores
  std::optional<at::Tensor> weights;  ///< [rows * A]
  at::Tensor
      targets;  ///< f32: [rows] the class, or the number; [rows * A] the labels of scores with bins; else undefined
  /// Of several classes with bins, each as a binary score (class_bins.h): [rows * O] cells and labels, and the rows' weights.
  at::Tensor bin_cells, bin_targets;
  std::optional<at::Tensor> bin_weights;
  double target_mean = 0, target_deviation = 1;
  at::Tensor teacher;  ///< [rows of train, answers] f32, what a teacher scores them; undefined without one
  Range train, selection, holdout;

  std::vector<Range> folds;     ///< [F] parts of train, one after the other; a single one where nothing is cross-fitted
  at::Tensor fold_cells;        ///< [rows of train * A] fold * Ck + cell, which is the cell where there is one fold
  at::Tensor fold_cell_labels;  ///< [F * Ck] u8
  at::Tensor fold_bin_cells;    ///< [rows of train * O] the same of bin_cells
};

/// Train (fold by fold), selection and holdout rows of the data set, in this order.
DeviceData to_device(const data::Dataset& dataset, const data::Cells& cells, std::int64_t folds, std::uint64_t seed,
                     const at::Device& device);

/// The rows of the data set that are trained on, in the order of `data`.
inline std::vector<std::int64_t> training_rows(const DeviceData& data) {
  return {data.order.begin(), data.order.begin() + static_cast<std::ptrdiff_t>(data.train.count)};
}

/// Makes one fold of all: for a network that learns from every training row.
void join_folds(DeviceData& data);

/// Some rows [B] i64 of `all` [N * A] into `batch` [B, A], or [B] where A is 1. Takes no tensor memory.
void pick_rows(at::Tensor& batch, const at::Tensor& all, const at::Tensor& rows);

/// The cell ids as the smallest tensor type, on `device`.
at::Tensor cell_tensor(const std::vector<std::int32_t>& cells, std::int32_t count, const at::Device& device);

/// [C] u8, the label of each cell.
at::Tensor label_tensor(const data::Cells& cells, const at::Device& device);

}  // namespace equipoise::training
