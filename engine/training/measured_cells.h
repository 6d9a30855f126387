#pragma once

#include <vector>

#include "engine/data/dataset.h"
#include "engine/sampling/cells.h"
#include "engine/sampling/shares.h"

namespace equipoise::training {

/// What the table's sums [C * 4] of the training rows say of the sampler's cells.
sampling::Measured measured_cells(const std::vector<double>& sums, const data::Cells& table,
                                  const sampling::SampledCells& cells);

}  // namespace equipoise::training
