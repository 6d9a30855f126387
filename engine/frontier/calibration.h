#pragma once

#include <cstdint>
#include <vector>

#include "engine/frontier/held_out.h"
#include "engine/models/cell_rule.h"

namespace equipoise::frontier {

/// The power and the biases that make posteriors of `cells` cells fit the cells [n] that held-out rows are in: those of the largest likelihood
/// (temperature and bias: Guo, Pleiss, Sun and Weinberger 2017), held to a power of 1 and biases of 0 as by one row each. A model that learnt a
/// small table by heart is surer of groups on other rows than it may be, and rules solved for by what it expects would not hold.
models::CellCalibration calibration_of(const HeldOut& rows, const std::vector<std::int32_t>& cell_of_row,
                                       std::int32_t cells);

/// The same rows with calibrated posteriors.
HeldOut calibrated(HeldOut rows, const models::CellCalibration& calibration, std::int32_t cells);

}  // namespace equipoise::frontier
