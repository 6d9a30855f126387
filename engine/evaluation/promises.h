#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// Everything that promises are judged from: what the rows of one split sum to.
struct CellTotals {
  std::vector<double> sums;            ///< [C * 4] exact
  std::vector<double> square_weights;  ///< [C], empty when every row weighs 1
  std::vector<std::int64_t> rows;      ///< [C]
};

/// Sums over the rows with a known cell, a row counting as selected above `threshold`.
CellTotals total_cells(const Scores& scores, std::int32_t cells, double threshold);

/// How many promises one constraint makes: its confidence is divided by it.
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

/// [P][levels]: whether a level has enough effective rows both for the table and among these.
std::vector<std::vector<bool>> estimable_levels(const constraints::ConstraintTable& table, const CellTotals& totals,
                                                std::int64_t min_rows);

}  // namespace equipoise::evaluation
