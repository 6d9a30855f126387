#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/models/learner.h"
#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"
#include "kernels/make_rows/make_rows.h"

namespace equipoise::training {

/// Batches some of whose rows are made up, as a sampler's recipes say: from rows of the same cell and fold, so that no member learns from
/// its own fold by way of a row that is made of it.
class MadeRows {
 public:
  /// `sampler`, of which at least one recipe makes rows, is of the training rows in the order of `data`; both must outlive this. Where
  /// SMOTE is asked for, the nearest rows of each cell are found here. Throws UserError (config) on a GPU: there is no version for it yet.
  MadeRows(const sampling::Sampler& sampler, const DeviceData& data, std::int64_t batch);

  /// Takes over what the sampler says now.
  void follow();

  /// The batch whose sources are `rows`: a row of it for each slot.
  const models::EncodedTensors& make(const at::Tensor& rows, std::uint64_t seed, const at::Tensor& step);
  /// [batch] 0, 1, ...: the rows of that batch.
  const at::Tensor& slots() const { return slots_; }

  /// [batch] bool, whether the slots of a step are made up.
  at::Tensor are_made(const at::Tensor& rows, std::uint64_t seed, std::int64_t step) const;

 private:
  at::Tensor neighbors_of(const std::vector<bool>& wanted, std::int64_t k) const;

  const sampling::Sampler& sampler_;
  const DeviceData& data_;
  kernels::MakingRows rows_;  // cells are the sampler's, apart by fold
  kernels::MakingRecipes recipes_;
  kernels::MadeRows made_;
  models::EncodedTensors encoded_;
  at::Tensor slots_;
};

}  // namespace equipoise::training
