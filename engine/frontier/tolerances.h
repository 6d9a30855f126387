#pragma once

#include <vector>

#include "engine/constraints/params.h"
#include "engine/constraints/table.h"

namespace equipoise::frontier {

/// Where on the frontier a tolerance T stands, when a config has several constraints: T is that of the first constraint that has
/// one, and those of the others move by the same factor. Bounds, sums and kinds with a tolerance of their own stay as they are.
/// `constraints` must have one that has a tolerance.
std::vector<constraints::ConstraintParams> at_tolerance(std::vector<constraints::ConstraintParams> constraints,
                                                        double tolerance);

/// The tolerance of the first constraint that has one.
double tolerance_of(const std::vector<constraints::ConstraintParams>& constraints);

/// The table with the tolerances of `constraints`, which differ in nothing else from those it was compiled from.
constraints::ConstraintTable with_tolerances(constraints::ConstraintTable table,
                                             const std::vector<constraints::ConstraintParams>& constraints);

/// `count` tolerances from `low` to `high`, ascending, each the same factor above the one before, rounded up to three digits: what
/// can be shown of `low` can be shown of the first.
std::vector<double> tolerance_grid(double low, double high, int count);

}  // namespace equipoise::frontier
