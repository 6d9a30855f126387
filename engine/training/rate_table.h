#pragma once

#include <c10/core/Device.h>

#include "engine/constraints/table.h"
#include "kernels/price/price.h"

namespace equipoise::training {

/// The constraint table as the price kernel reads it, about the kernels' sums (kernel_cells.h), on `device`.
kernels::RateTable to_rate_table(const constraints::ConstraintTable& table, const at::Device& device);

}  // namespace equipoise::training
