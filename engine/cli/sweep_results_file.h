#pragma once

#include <vector>

#include "engine/cli/columns_file.h"
#include "engine/sweep/results.h"

namespace equipoise::cli {

/// One row per run of the plan: what names it, its status and reason, every field of an axis, seconds and steps, the SHA-256 of its data, then of each split
/// that was measured the quality and of each constraint gap, interval, upper bound, tolerance, noise floor and verdict. A column of a
/// constraint has its name in brackets: "test_gap[equalized odds by sex]". What a run does not have is missing.
std::vector<FileColumn> results_columns(const sweep::SweepResults& results);

}  // namespace equipoise::cli
