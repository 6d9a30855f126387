#pragma once

#include <cstdint>
#include <vector>

#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"
#include "kernels/make_rows/make_rows.h"

namespace equipoise::training {

/// Which cells rows are made in: the sampler's, each apart by fold (cell * folds + fold), and a last one of rows without weight, of which
/// and from which nothing is made.
std::int64_t making_cells(const sampling::Sampler& sampler, const DeviceData& data);

/// [rows of train] which of them each training row is in.
std::vector<std::int32_t> cells_by_fold(const sampling::Sampler& sampler, const DeviceData& data);

/// Sets limits [cells, recipes] i64 of these cells to the shares of the epoch that is on, recipe after recipe, in 2^-32: a row is made by
/// the first whose limit a random number is below. The last cell, of rows without weight, is left as it is.
void set_limits(at::Tensor& limits, const sampling::Sampler& sampler, const DeviceData& data);

/// What the sampler's recipes make the training rows of `data` from. Each part is found or fitted where a recipe wants it: the nearest
/// rows of each cell for SMOTE (on the device of `data`), copulas, levels that are exchanged, whom a row may be mixed with. The tensors are
/// on the host; codes and values share the memory of `data.host`.
kernels::MakingRows making_rows(const sampling::Sampler& sampler, const DeviceData& data);

/// The same on the device of `data`, where codes and values are there already; on the CPU the tensors themselves.
kernels::MakingRows on_device(const kernels::MakingRows& rows, const DeviceData& data);

}  // namespace equipoise::training
