#pragma once

#include <cstdint>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/models/learner.h"
#include "engine/training/device_data.h"
#include "engine/training/params.h"

namespace equipoise::training {

/// [rows of train] each training row's loss, of a learner's members first .. first + folds: where there are several folds by the one
/// member that does not learn from the row. Of several labels the mean over them. A pass over the rows, in evaluation mode.
std::vector<double> row_losses(models::Learner& learner, std::int64_t first, const DeviceData& data,
                               const TrainingParams& params);

/// [rows of train] the scores of a logistic regression on the inputs, learnt from the training rows' labels: what massaging ranks by.
/// Binary labels alone.
std::vector<double> ranking_scores(const DeviceData& data, const constraints::ConstraintTable& table,
                                   std::uint64_t seed);

}  // namespace equipoise::training
