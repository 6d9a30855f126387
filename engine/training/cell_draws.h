#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/checkpoint/state.h"
#include "engine/sampling/sampler.h"
#include "kernels/draw/draw.h"

namespace equipoise::training {

/// A sampler's shares as the draw kernel reads them: the training rows cell by cell; where a recipe favours the hardest rows of a cell
/// they are a cell of their own before the rest. The tensors stay where they are, and only their contents change.
class CellDraws {
 public:
  /// `sampler` must outlive this.
  CellDraws(const sampling::Sampler& sampler, const at::Device& device);

  /// Takes over the shares of the epoch that is on.
  void follow();
  /// The hardest rows of a cell are those with the highest losses [rows]; before, its first ones.
  void focus_on(const std::vector<double>& losses);

  /// Which rows are the hardest, where any are favoured. follow() afterwards.
  void walk(const checkpoint::StateWalk& walk);

  /// [rows] how often each row of a cell is drawn beside the cell's mean.
  std::vector<double> within_cells() const;

  const kernels::CellShares& on_device() const { return on_device_; }
  const kernels::CellShares& on_host() const { return on_host_; }

 private:
  std::int64_t hardest(std::size_t cell) const;
  double share_of_hardest(std::size_t cell) const;

  const sampling::Sampler& sampler_;
  std::vector<std::int64_t> order_, first_;  // rows cell by cell, and where each cell begins
  kernels::CellShares on_host_, on_device_;
};

}  // namespace equipoise::training
