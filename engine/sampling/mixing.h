#pragma once

#include <cstdint>
#include <vector>

#include "engine/sampling/cells.h"
#include "engine/sampling/params.h"

namespace equipoise::sampling {

/// [cells][cells] whether the rows of a cell may be mixed with those of another: alike in the columns of `inside`, and, where `across`
/// names any, not alike in these.
std::vector<std::vector<bool>> partner_cells(const SampledCells& cells, const RecipeParams& params);

/// What part of a mixed row is its source: the quantiles of Beta(alpha, alpha) in the middle of each of `count` equal steps
/// (Zhang, Cisse, Dauphin and Lopez-Paz 2018). Their mean is a half.
std::vector<float> mixing_parts(double alpha, std::int64_t count);

}  // namespace equipoise::sampling
