#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/config/origin.h"
#include "engine/data/dataset.h"
#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"
#include "engine/training/row_policy.h"

namespace equipoise::training {

/// Made rows that are kept, where a run forgets them with their batch.
struct MadeList {
  std::vector<std::int16_t> codes;     ///< [rows, F]
  std::vector<float> values;           ///< [rows, F]
  std::vector<std::int32_t> recipes;   ///< [rows] among the sampler's makings
  std::vector<std::int32_t> cells;     ///< [rows] of the sampler
  std::vector<std::int64_t> sources;   ///< [rows] the parents among the rows of the sampler
  std::vector<std::int64_t> parents;   ///< [rows] of the data set
  std::vector<std::int64_t> partners;  ///< [rows] of SMOTE the other row of the data set; else -1
  std::int64_t mixed = 0;              ///< rows that were mixed: they are part of two, and of no table

  std::int64_t rows() const { return static_cast<std::int64_t>(recipes.size()); }
};

/// The made rows of a config without any training: from all training rows (no folds), by every recipe that makes some from the first
/// epoch on.
class Synthesis {
 public:
  /// `dataset` must outlive this. Throws UserError (config) as Sampler and MadeRows do.
  Synthesis(sampling::SamplingParams params, const data::Dataset& dataset, std::int64_t batch, std::uint64_t seed,
            const config::Origin& origin);
  Synthesis(const Synthesis&) = delete;  // parts hold on to one another
  Synthesis& operator=(const Synthesis&) = delete;

  const sampling::Sampler& sampler() const { return sampler_; }
  /// Rows of the data set, in the order of the sampler's.
  std::vector<std::int64_t> training_rows() const;

  /// What batches make until they have drawn `rows` rows, at shares as they are at the beginning.
  MadeList of_batches(std::int64_t rows);
  /// One recipe's alone: of each cell that it makes rows of so many, their sources drawn from the cell's training rows.
  /// `seed`: that of these draws alone, so that they are the same whatever batches are drawn besides.
  MadeList of_recipe(std::size_t making, std::int64_t rows_of_each_cell, std::uint64_t seed) const;

 private:
  void append(MadeList& list, const at::Tensor& rows, const kernels::MadeRows& made) const;

  const data::Dataset& dataset_;
  std::int64_t batch_;
  std::uint64_t seed_;
  DeviceData data_;
  sampling::Sampler sampler_;
  RowPolicy policy_;
};

}  // namespace equipoise::training
