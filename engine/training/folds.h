#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/data/dataset.h"

namespace equipoise::training {

/// The training rows [rows of the split], cut into folds that hold each cell in the same shares (within one row): a pure
/// function of the seed, the rows' numbers and which of them share a cell, whatever the cells are called. Rows ascend inside a fold.
std::vector<std::vector<std::int64_t>> cut_into_folds(const std::vector<std::int64_t>& rows, const data::Cells& cells,
                                                      std::int64_t folds, std::uint64_t seed);

/// [members * streams, folds, 1, 1] f64: 1 for the folds that the streams of member k learn from, 0 for fold k modulo `folds`.
at::Tensor fold_mask(std::int64_t members, std::int64_t streams, std::int64_t folds, const at::Device& device);

}  // namespace equipoise::training
