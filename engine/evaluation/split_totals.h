#pragma once

#include <string>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/score_statistics.h"

namespace equipoise::evaluation {

/// A split before its constraints are judged: how good its scores are, and the sums that gaps are made of.
struct SplitTotals {
  SplitResult result;  ///< without constraints and thresholds
  CellTotals cells;
};

/// Of a task with several outcomes, or of a number; the table's cells say which.
SplitTotals total_split(const std::string& split, const TaskScores& scores, const constraints::ConstraintTable& table,
                        const EvaluationParams& params);

}  // namespace equipoise::evaluation
