#pragma once

#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// Log losses take probabilities no closer to 0 and 1 than this.
inline constexpr double kSurest = 1e-15;

/// Quality of everyone and of each level of every grouping. All shares and means are weighted.
Metrics measure(const Scores& scores, const EvaluationParams& params);

/// Common thresholds (.05, .10, ..., .95), the same for everyone, each with its accuracy and gaps. `estimable`
/// [P][levels].
std::vector<ThresholdRow> sweep_thresholds(const Scores& scores, const constraints::ConstraintTable& table,
                                           const std::vector<std::vector<bool>>& estimable);

}  // namespace equipoise::evaluation
