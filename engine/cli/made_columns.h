#pragma once

#include <vector>

#include "engine/cli/columns_file.h"
#include "engine/data/prepare.h"
#include "engine/sampling/sampler.h"
#include "engine/training/synthesis.h"

namespace equipoise::cli {

/// Made rows as a table like the one they were made from: the columns that models see, those that groups are made of, the label, the
/// parent's weight where rows have weights, and then
///
/// recipe    what made the row
/// cell      the groups and label that it was made for
/// parent    the row that it was made of, from 1, in the order of the files, rows without a label not counted
/// partner   of smote the row on the other end of the line; else missing
///
/// A column that models do not see is the parent's; of a group that a recipe exchanges, what it was exchanged for; of a number that was cut
/// into groups the group, as COLUMN_group. A label is one of the values that the config lists for it.
std::vector<FileColumn> made_columns(const training::MadeList& list, const sampling::Sampler& sampler,
                                     const data::Prepared& prepared);

}  // namespace equipoise::cli
