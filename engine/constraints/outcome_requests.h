#pragma once

#include "engine/constraints/request_problems.h"

namespace equipoise::constraints {

/// Says where a constraint is about a rate that the task does not have.
void check_task(const Request& request);

/// Says where the classes or labels that a constraint names, or the threshold of its predictions, are not there, are named
/// twice, or are for other rates.
void check_outcomes(const Request& request);

/// Says where a grouping has the name by which cells are cut for calibration.
void check_score_grouping(const std::vector<ConstraintParams>& constraints, const Known& known, Problems& problems);

/// Says where there are more thresholds of predictions than one pass can count.
void check_thresholds(const std::vector<ConstraintParams>& constraints, Problems& problems);

/// Says where constraints about calibration want different bins, and where others want any.
void check_bins(const std::vector<ConstraintParams>& constraints, Problems& problems);

}  // namespace equipoise::constraints
