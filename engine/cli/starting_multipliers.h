#pragma once

#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// What multipliers.start_from asks for: [J] of the table's rows, those that the named run measured at the step whose
/// model it kept, else last; rows are matched by their titles, and one without a counterpart starts at 0, which the
/// journal says. Empty where start_from is. Throws UserError (data) for a folder that is no run or is a bank, a run that
/// measured nothing, and where no row has a counterpart.
std::vector<double> starting_multipliers(const training::RunConfig& config, const constraints::ConstraintTable& table,
                                         const config::Origin& origin, core::Journal& journal);

}  // namespace equipoise::cli
