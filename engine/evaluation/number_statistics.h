#pragma once

#include <string>

#include "engine/constraints/table.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/score_statistics.h"

namespace equipoise::evaluation {

/// What the rows of a regression sum to: by cell for the promises, each figure's sum among the selected and its spread among
/// the losses; and by group for people.
struct NumberStatistics {
  CellTotals cells;
  RegressionMetrics metrics;
};

/// From rows on the host; the same bits for any number of threads. Throws UserError (numerical) naming a row whose prediction
/// is not a finite number.
NumberStatistics measure_numbers(const std::string& split, const TaskScores& scores,
                                 const constraints::ConstraintTable& table);

/// The losses of a row by its error in standard deviations of the target (kernels/outcome_stats/outcome_rule.h).
double squared_loss(double error, double parameter);
double huber_loss(double error, double delta);
double quantile_loss(double error, double q);

/// One of them with its parameter.
struct NumberLoss {
  double (*of_error)(double error, double parameter) = nullptr;
  double parameter = 0;
};

}  // namespace equipoise::evaluation
