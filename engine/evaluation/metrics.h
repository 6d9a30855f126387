#pragma once

#include <vector>

#include "engine/evaluation/score_statistics.h"

namespace equipoise::evaluation {

/// Quality of everyone and of each level of every grouping. All shares and means are weighted.
Metrics measure(const ScoreStatistics& statistics, const EvaluationParams& params);

/// .05, .10, ..., .95
std::vector<double> common_thresholds();

/// What deciding at each threshold of the statistics would do, the same for everyone: accuracy and gaps. `estimable`
/// [P][levels].
std::vector<ThresholdRow> sweep_thresholds(const ScoreStatistics& statistics, const constraints::ConstraintTable& table,
                                           const std::vector<std::vector<bool>>& estimable);

}  // namespace equipoise::evaluation
