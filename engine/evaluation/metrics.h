#pragma once

#include <span>
#include <vector>

#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// Log losses take probabilities no closer to 0 and 1 than this.
inline constexpr double kSurest = 1e-15;

/// Quality of everyone and of each level of every grouping. All shares and means are weighted.
Metrics measure(const Scores& scores, const EvaluationParams& params);

/// .05, .10, ..., .95
std::vector<double> common_thresholds();

/// What deciding at each threshold would do, the same for everyone: accuracy and gaps. `thresholds` ascend; `estimable`
/// [P][levels].
std::vector<ThresholdRow> sweep_thresholds(const Scores& scores, const constraints::ConstraintTable& table,
                                           const std::vector<std::vector<bool>>& estimable,
                                           std::span<const double> thresholds);

}  // namespace equipoise::evaluation
