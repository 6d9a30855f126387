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

/// What the scores of a row mean.
struct ScoreMeaning {
  data::Task task = data::Task::binary;
  double target_mean = 0, target_deviation = 1;  ///< of a number
};

/// [rows * O] row by row, the mean of the members': the probability of the positive class, of each class or of each label; or
/// the number that is predicted, in the target's units.
std::vector<double> scores(const models::EncodedTensors& encoded, models::Learner& learner,
                           const ScoreMeaning& meaning);

/// Mean loss and accuracy from sums of cells. Of several classes accuracy is the share of rows whose class is predicted, of
/// several labels the mean over them, of a number there is none: NaN.
double mean_loss(const std::vector<double>& sums, const data::Cells& cells);
double accuracy(const std::vector<double>& sums, const data::Cells& cells);

}  // namespace equipoise::training
