#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/models/learner.h"
#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"
#include "kernels/make_rows/make_rows.h"

namespace equipoise::training {

/// Batches some of whose rows are made up, as a sampler's recipes say: from rows of the same fold, so that no member learns from
/// its own fold by way of a row that is made of it.
///
/// A row that is mixed with another counts as both: as its source by the part that it has of it, and as its partner by the rest. So a
/// batch whose rows are mixed is counted as twice as many.
class MadeRows {
 public:
  /// `sampler`, of which at least one recipe makes rows, is of the training rows in the order of `data`; both must outlive this. What
  /// rows are made from is found here (making_rows).
  MadeRows(const sampling::Sampler& sampler, const DeviceData& data, std::int64_t batch);

  /// Takes over what the sampler says now. The tensors stay where they are: a captured graph reads them.
  void follow();

  /// The batch whose sources are `rows`: a row of it for each slot. Takes no tensor memory and waits for no device.
  const models::EncodedTensors& make(const at::Tensor& rows, std::uint64_t seed, const at::Tensor& step);
  /// [batch] 0, 1, ...: the rows of that batch.
  const at::Tensor& slots() const { return slots_; }

  /// Whether any recipe mixes rows, in any epoch.
  bool mixes() const { return counted_rows_.defined(); }
  /// [2 * batch] of the last batch, where rows are mixed: the training rows that it counts as, sources and then partners, and by how much.
  const at::Tensor& counted_rows() const { return counted_rows_; }
  const at::Tensor& counted_parts() const { return counted_parts_; }
  /// Of the drawn rows as they are counted, the share of each of the sampler's cells: as sources, and as partners of mixed rows.
  struct CountedShares {
    sampling::Shares as_sources, as_partners;
  };
  CountedShares counted_shares() const;

  /// [batch] bool, whether the slots of a step are made up; `rows` are on the host.
  at::Tensor are_made(const at::Tensor& rows, std::uint64_t seed, std::int64_t step) const;

  /// What the last batch was made of.
  const kernels::MadeRows& last() const { return made_; }
  /// What one recipe alone makes of `rows`, of all that it can.
  kernels::MadeRows all_by(std::size_t making, const at::Tensor& rows, std::uint64_t seed) const;

 private:
  void take_partners(const at::Tensor& rows);

  const sampling::Sampler& sampler_;
  const DeviceData& data_;
  kernels::MakingRows on_host_, rows_;  // the second on the device
  kernels::MakingRecipes recipes_on_host_, recipes_;
  at::Tensor codes_, values_;                // [batch, F], or [2 * batch, F] with the partners' rows after the batch's
  at::Tensor counted_rows_, counted_parts_;  // [2 * batch]
  kernels::MadeRows made_;  // codes, values and, where rows are mixed, parts are the first half of those
  models::EncodedTensors encoded_;
  at::Tensor slots_, partners_;  // [batch] i64, partners the second half of counted_rows_
  at::Tensor are_mixed_;         // [batch] bool
  at::Tensor one_;               // [1] f32: a number of the host's would become a tensor each time
};

}  // namespace equipoise::training
