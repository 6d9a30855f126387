#pragma once

#include "engine/config/origin.h"
#include "engine/data/dataset.h"
#include "engine/data/params.h"

namespace equipoise::data {

/// What is wrong with data.label, or with what stands beside it, whatever the data: each throws UserError (config).
void check_label(const LabelParams& label, const config::Origin& origin);
/// A label column is no group, and no grouping has the name that the outcomes of the task go by.
void check_label_beside_groups(const DataParams& params, const config::Origin& origin);

/// Whether there is something to learn: training rows of both values, of every class, of both values of every label, or
/// different targets, rows without weight left out; and whether each split that has rows has some with weight. Throws UserError (data).
void check_labels_of_training(const Dataset& dataset, const LabelParams& label);

}  // namespace equipoise::data
