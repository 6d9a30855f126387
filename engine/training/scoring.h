#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "engine/constraints/table.h"
#include "engine/models/learner.h"
#include "engine/training/device_data.h"

namespace equipoise::training {

/// Sums of the cells of rows [range), in evaluation mode: [runs] of [C * 4] row-major. A run is as many neighbouring
/// members as there are folds, which decide together by the mean of their scores.
std::vector<std::vector<double>> measured_sums(const DeviceData& data, const DeviceData::Range& range,
                                               double temperature, models::Learner& learner);

/// The same of all training rows, each fold scored by the one member of every run that does not learn from it.
std::vector<std::vector<double>> out_of_fold_sums(const DeviceData& data, double temperature, models::Learner& learner);

/// Probability of the positive class of every row: the mean of the members' scores.
std::vector<double> probabilities(const models::EncodedTensors& encoded, models::Learner& learner);

/// The same, left on the learner's device: [rows] f64.
at::Tensor device_probabilities(const models::EncodedTensors& encoded, models::Learner& learner);

/// Mean log loss and accuracy from sums of cells.
double mean_loss(const std::vector<double>& sums);
double accuracy(const std::vector<double>& sums, const data::Cells& cells);

}  // namespace equipoise::training
