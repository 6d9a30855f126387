#pragma once

#include <vector>

#include "engine/audit/inputs.h"
#include "engine/audit/results.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

/// Each input that lacks values in any row, surest first: with the level of which it is surest that it lacks it more often or more rarely
/// than the others of its grouping, by enough to matter (is_apart) if there is one. Levels with fewer than min_rows rows are not compared.
std::vector<MissingInput> find_missing(const data::Dataset& dataset, const std::vector<Input>& inputs,
                                       const AuditParams& params);

}  // namespace equipoise::audit
