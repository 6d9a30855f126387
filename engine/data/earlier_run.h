#pragma once

#include "engine/data/encoder.h"
#include "engine/data/fit_features.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// Encodes inputs, and the scale of targets, as an earlier run did, so that its weights mean the same. Throws UserError (data) where the
/// label is told otherwise, a column that models saw then is none that they may see now (`params`, `roles`), an input is not there, or only
/// one of the two has pictures.
void take_over(const Encoder& earlier, const DataParams& params, const ColumnRoles& roles, const Table& table,
               Encoder& encoder, Dataset& dataset);

/// Means and deviations of an earlier run's pictures. Throws UserError (data) for pictures of another size.
void scale_as(const Encoder& earlier, ImageRows& images);

}  // namespace equipoise::data
