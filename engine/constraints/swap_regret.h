#pragma once

#include <vector>

namespace equipoise::constraints {

/// The multiplier player of a proxy-Lagrangian (Cotter, Jiang, Sridharan 2019, algorithm 2), which has no swap regret: a
/// column-stochastic matrix M [1 + N, 1 + N] whose stationary vector (lambda_0, ..., lambda_N) weighs the objective and
/// the N rows. With the objective's weight 1 a row's multiplier is lambda_j / lambda_0.

/// log M, column by column, whose stationary ratios lambda_j / lambda_0 are `values` [N] > 0: all columns are equal.
std::vector<double> swap_regret_matrix(const std::vector<double>& values);

/// One step: log M_ij += gains_i lambda_j with gains_0 = 0, columns normalised; gains [N] is the step size times the
/// violations. A row of M whose gain is NaN stays. No entry falls below kLeastEntry, so that M has one stationary vector
/// and a column can come back.
void move_swap_regret(std::vector<double>& log_matrix, const std::vector<double>& gains);
inline constexpr double kLeastEntry = 1e-12;

/// lambda_j / lambda_0 [N] of the stationary vector of M. Cost: (1 + N)^3 / 3 multiplications.
std::vector<double> swap_regret_ratios(const std::vector<double>& log_matrix);

}  // namespace equipoise::constraints
