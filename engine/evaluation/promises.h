#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/evaluation/score_statistics.h"

namespace equipoise::evaluation {

/// How many promises one constraint makes: the confidence of the lower end of its interval is divided over them.
double promises_of_constraint(const constraints::ConstraintTable& table, std::int32_t constraint);

/// All constraints, measured and judged.
std::vector<ConstraintResult> judge(const std::string& split, const CellTotals& totals,
                                    const constraints::ConstraintTable& table,
                                    const std::vector<constraints::ConstraintParams>& constraints,
                                    std::int64_t min_rows, const EvaluationParams& params, std::uint64_t seed);

/// The gap of every constraint, the largest of its promises', from exact cell sums alone.
std::vector<std::optional<double>> constraint_gaps(const constraints::ConstraintTable& table,
                                                   const std::vector<std::vector<bool>>& estimable,
                                                   const std::vector<double>& sums);

/// [P][levels]: whether a level that training saw has enough effective rows among these, whether or not it steered.
std::vector<std::vector<bool>> estimable_levels(const constraints::ConstraintTable& table, const CellTotals& totals,
                                                std::int64_t min_rows);

}  // namespace equipoise::evaluation
