#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "engine/constraints/table.h"
#include "engine/models/learner.h"
#include "engine/training/device_data.h"

namespace equipoise::training {

/// Sums of the cells of rows [range) for member 0, [C * 4] row-major, in evaluation mode.
std::vector<double> measured_sums(const DeviceData& data, const DeviceData::Range& range, double temperature,
                                  models::Learner& learner);

/// Probability of the positive class of every row, member 0.
std::vector<double> probabilities(const models::EncodedTensors& encoded, models::Learner& learner);

/// Mean log loss and accuracy from sums of cells.
double mean_loss(const std::vector<double>& sums);
double accuracy(const std::vector<double>& sums, const data::Cells& cells);

}  // namespace equipoise::training
