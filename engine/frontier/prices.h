#pragma once

#include <vector>

#include "engine/constraints/table.h"
#include "engine/frontier/held_out.h"

namespace equipoise::frontier {

/// How much each answer to a row of each posterior cell adds to each rate: rates are linear in decisions, their denominators
/// being what they are. [R][A * C]; a rate without rows has none.
std::vector<std::vector<double>> rate_gains(const constraints::ConstraintTable& table, const PosteriorCells& cells,
                                            const std::vector<double>& sums);

/// The rule that is best at these multipliers [J] of the table's rows: the answer a to a row with posterior p that makes
/// P(a | row) - sum over j of multiplier j times what the answer adds to row j's rates (times all rows' weight) largest. Of two labels and
/// a group's selection rate that is the rule 2 P(y = 1 | x) - 1 > sum of multiplier * P(g | x) / P(g). `gains` are rate_gains.
AnswerWeights rule_at(const std::vector<double>& multipliers, const constraints::ConstraintTable& table,
                      const PosteriorCells& cells, const std::vector<std::vector<double>>& gains, double weight);

}  // namespace equipoise::frontier
