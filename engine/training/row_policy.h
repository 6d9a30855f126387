#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/sampling/sampler.h"
#include "engine/training/cell_draws.h"
#include "engine/training/device_data.h"
#include "engine/training/image_batches.h"
#include "engine/training/label_draws.h"
#include "engine/training/made_rows.h"
#include "engine/training/path_penalty.h"
#include "kernels/draw/draw.h"

namespace equipoise::training {

/// What a sampler says, as a training step reads it: which rows a batch takes, how much each counts in the loss, and what that
/// makes of the sums by which constraints are priced. The tensors stay where they are from epoch to epoch, and only their
/// contents change: a captured graph reads them.
///
/// Constraints are about people as they come. A batch drawn otherwise has cells too heavy or too light, so each of the kernels' rows of
/// sums has a correction: the weight that its rows would have as they come, over the weight that they are expected to have. Cells
/// tell the sampler's groups and labels apart (compile's `told_apart`), so that it is the same for all rows of one; but for recipes that
/// favour hard rows or change labels, where it makes up for how many rows a cell has, not for which.
class RowPolicy {
 public:
  /// `sampler` is of the training rows in the order of `data`, and must outlive this, as `data` must; `batch` rows are drawn at once.
  /// Throws UserError (config) as PathPenalty does.
  RowPolicy(const sampling::Sampler& sampler, const DeviceData& data, std::int64_t batch);

  /// Takes over what the sampler says now.
  void follow();
  /// [rows of train] losses by which a recipe that favours hard rows knows them, from the next follow() on.
  void focus_on(const std::vector<double>& losses) { draws_.focus_on(losses); }

  /// What the sampler does not say. follow() afterwards.
  void walk(const checkpoint::StateWalk& walk) { draws_.walk(walk.under("draws")); }

  /// Where rows are not drawn by cell, batches are epochs as without a sampler.
  void draw(at::Tensor& rows, std::uint64_t seed, const at::Tensor& step) const;
  /// Where a recipe makes rows: what a step then reads its batch from.
  MadeRows* made() { return made_ ? &*made_ : nullptr; }
  const MadeRows* made() const { return made_ ? &*made_ : nullptr; }
  /// Whether rows are mixed, so that a batch counts as twice as many.
  bool mixes() const { return made_ && made_->mixes(); }
  /// Where a recipe adds a penalty to the loss.
  PathPenalty* path() { return path_ ? &*path_ : nullptr; }
  /// Where a recipe changes pictures: what a step then reads them from.
  ImageBatches* images() { return images_ ? &*images_ : nullptr; }

  /// [cells of the sampler] of `steps` batches from `first` on, by the shares of now: rows drawn, and how many of them are made up or changed.
  struct Drawn {
    std::vector<std::int64_t> rows, made;
  };
  Drawn drawn(std::int64_t first, std::int64_t steps, std::uint64_t seed) const;

  /// [rows of train * A] what rows weigh in the loss; undefined where no recipe decides it and the data have no weights.
  const std::optional<at::Tensor>& weights() const { return weights_; }
  /// Where a recipe decides which label a row is learnt with.
  LabelDraws* labels() { return labels_ ? &*labels_ : nullptr; }
  /// [1, S, 1] f64, of the kernels' sums.
  const at::Tensor& corrections() const { return corrections_; }

 private:
  // Weights of the data's rows by the kernels' cells.
  struct Mass {
    at::Tensor cells, weights;  // [rows of train * A] i32 and f32, on the host
    std::int64_t cells_of_a_row = 1;
    std::vector<double> as_it_comes;  // [cells of the kernels] weight of the rows that are of it
  };
  Mass mass_of(const at::Tensor& cells, std::int32_t count, std::int64_t cells_of_a_row,
               const std::optional<at::Tensor>& weights) const;
  std::vector<double> ratios(const Mass& mass, const std::vector<double>& weights, bool are_learnt) const;

  template <typename Step>
  void draw_from(const kernels::CellShares& cells, at::Tensor& rows, std::uint64_t seed, const Step& step) const {
    if (sampler_.draws_cells())
      kernels::draw_cells(rows, cells, seed, step);
    else
      kernels::draw_epoch(rows, data_.train.count, seed, step);
  }

  const sampling::Sampler& sampler_;
  const DeviceData& data_;
  std::int64_t batch_;
  CellDraws draws_;
  Mass mass_, bin_mass_;
  std::optional<LabelDraws> labels_;
  at::Tensor cell_of_row_;  // [rows of train] i64, on the device
  std::optional<at::Tensor> weights_;
  at::Tensor corrections_;
  std::optional<MadeRows> made_;
  std::optional<PathPenalty> path_;
  std::optional<ImageBatches> images_;  // in its place where the data have pictures
};

}  // namespace equipoise::training
