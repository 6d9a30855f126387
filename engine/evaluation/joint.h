#pragma once

#include <optional>
#include <vector>

#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// The share of the error that each of `constraints` bounds may take so that all hold together: by the union bound, the
/// error divided by their number, which the config says before anything is measured. It is valid however the bounds
/// depend on each other, needs no draws, and costs little: of two constraints 1.96 standard errors instead of 1.64, of
/// five 2.33. Resampling common cells would win part of that back only where constraints share rows.
///
/// A constraint's promises need no further share (gap_bounds.h, promises.cpp): its bound is the largest of theirs.
double joint_miss(double miss, std::size_t constraints);

/// Which constraints are met together, of the joint bounds that judge() has measured; nothing with fewer than two.
std::optional<JointResult> joint_result(const std::vector<ConstraintResult>& constraints,
                                        const EvaluationParams& params);

}  // namespace equipoise::evaluation
