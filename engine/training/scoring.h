#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/models/learner.h"
#include "engine/models/mixture.h"
#include "engine/models/model_file.h"
#include "engine/training/device_data.h"

namespace equipoise::training {

/// Probability of the positive class of every row: the mean of the members' scores; of a mixture that of the members of the
/// iterate that decides the row, its place among `encoded` being that in the files.
std::vector<double> probabilities(const models::EncodedTensors& encoded, models::Learner& learner,
                                  const models::Mixture& mixture = {});

/// [rows * O] row by row, the mean of the members', of a mixture that of the row's iterate: the probability of the positive
/// class, of each class or of each label; or the number that is predicted, in the target's units. By a rule over cells: its scores,
/// of a randomised one those that are drawn for the row's place; of one that uses groups `groups` [rows] (models::groups_of).
std::vector<double> scores(const models::EncodedTensors& encoded, models::Learner& learner,
                           const models::OutputMeaning& meaning, const models::Mixture& mixture = {},
                           const std::vector<std::int32_t>& groups = {});

/// The same but of training rows, which are scored by the one member that did not learn from them: `folds` [members] are the rows
/// (of `encoded`) that each left out. Of a learner that is no mixture, and without a rule over cells.
std::vector<double> out_of_fold_scores(const models::EncodedTensors& encoded, models::Learner& learner,
                                       const models::OutputMeaning& meaning,
                                       const std::vector<std::vector<std::int64_t>>& folds);

/// What scores() gives, left on the learner's device: [rows] or [rows, O] f64.
at::Tensor device_scores(const models::EncodedTensors& encoded, models::Learner& learner,
                         const models::OutputMeaning& meaning = {}, const models::Mixture& mixture = {},
                         const std::vector<std::int32_t>& groups = {});

/// Mean loss and accuracy from sums of cells. Of several classes accuracy is the share of rows whose class is predicted, of
/// several labels the mean over them, of a number there is none: NaN.
double mean_loss(const std::vector<double>& sums, const data::Cells& cells);
double accuracy(const std::vector<double>& sums, const data::Cells& cells);

}  // namespace equipoise::training
