#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "engine/constraints/table.h"
#include "engine/models/learner.h"
#include "engine/training/device_data.h"

namespace equipoise::training {

/// Probability of the positive class of every row: the mean of the members' scores.
std::vector<double> probabilities(const models::EncodedTensors& encoded, models::Learner& learner);

/// The same, left on the learner's device: [rows] f64.
at::Tensor device_probabilities(const models::EncodedTensors& encoded, models::Learner& learner);

/// Mean log loss and accuracy from sums of cells.
double mean_loss(const std::vector<double>& sums);
double accuracy(const std::vector<double>& sums, const data::Cells& cells);

}  // namespace equipoise::training
