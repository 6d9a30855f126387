#pragma once

#include <string>
#include <vector>

#include "engine/audit/results.h"
#include "engine/constraints/table.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

/// Recipes that the findings speak for, as lines of `sampling.recipes`, each with its reason. At most one that decides shares, of the
/// grouping that constraints are about before any other:
///   levels unlike the population (what `audit` says of it): shares as in the population, by weight
///   a group and label with less than a quarter of an equal share of the training rows: shares by the square root; but not where one of the
///   grouping has fewer than min_rows rows, which would be drawn over and over
///   neither, but an answer that is given to a level at another rate than to the others (Fisher's exact test, Holm's over all that
///   were compared): weights as if group and label were independent
/// What has too few rows for any recipe is said to have. Of labels and numbers nothing is suggested but shares of groups.
Suggestions suggest(const data::Dataset& dataset, const std::vector<constraints::ConstraintTable>& tables,
                    const Audit& audit, const AuditParams& params);

}  // namespace equipoise::audit
