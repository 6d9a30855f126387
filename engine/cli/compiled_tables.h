#pragma once

#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// The constraints of each member over the rows of the data set, whose cells tell the groups of the members' recipes apart too.
/// Members differ in little: what was said of one is not said of the next. Throws what constraints::compile does, and for
/// too few resamples.
std::vector<constraints::ConstraintTable> compile_tables(const std::vector<training::RunConfig>& members,
                                                         const data::Dataset& dataset, const config::Origin& origin,
                                                         core::Journal& journal);

}  // namespace equipoise::cli
