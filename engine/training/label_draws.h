#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"

namespace equipoise::training {

/// The labels that a recipe has rows learnt with: one of a row's own each time it is drawn, all alike.
class LabelDraws {
 public:
  /// `choices` are of the training rows in the order of `data`, of a task with one label a row; both must outlive this.
  LabelDraws(const sampling::Sampler::LabelChoices& choices, const DeviceData& data);

  /// Writes the fold_cells [M] and, where they are defined, the targets [M] that rows [M] have with a label drawn by seed, step and place.
  /// Takes no tensor memory once it has seen as many rows.
  void draw(at::Tensor& cells, at::Tensor& targets, const at::Tensor& rows, std::uint64_t seed, const at::Tensor& step);

  /// Adds a row's weight to sums of the kernels' cells, the row being of `cell` by its own label, in the shares of its labels.
  void spread(std::vector<double>& sums, std::size_t cell, std::size_t row, double weight) const;

 private:
  const sampling::Sampler::LabelChoices& choices_;
  std::int64_t answers_;  // labels that a row may have
  at::Tensor first_cells_, labels_,
      counts_;       // on the device: [rows of train] fold_cells with label 0; [rows * most]; [rows] i64
  at::Tensor bits_;  // [1] i64, of a part's number
  at::Tensor place_, count_, label_;  // [M] of the last draw: where among labels_, of how many, which
};

}  // namespace equipoise::training
