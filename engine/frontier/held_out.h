#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/frontier/posterior_cells.h"

namespace equipoise::frontier {

/// Rows that no part of training learnt from, with what a model says of them.
struct HeldOut {
  std::vector<double> posteriors;  ///< [n * C] row by row
  std::vector<double> weights;     ///< [n]

  std::size_t rows() const { return weights.size(); }
};

/// Weights of every answer in a row's posterior [A * C]: the answer with the largest sum is decided, of equal ones the first.
using AnswerWeights = std::vector<double>;

/// [A * C] what a rule decides: the weight that each answer is given to in every posterior cell, as the posteriors expect it.
std::vector<double> decide_rows(const AnswerWeights& weights, const PosteriorCells& cells, const HeldOut& rows);

/// The table's sums [C_table * 4] (weight and exact positives) of what was decided, `decided` [A * C].
std::vector<double> table_sums(const std::vector<double>& decided, const PosteriorCells& cells);

/// The share of the weight whose own answer was decided.
double accuracy_of(const std::vector<double>& decided, const PosteriorCells& cells);

/// The rule that decides by the most probable answer.
AnswerWeights most_probable(const PosteriorCells& cells);

/// The rule of a model's file: of a binary task one row, label 1 less label 0.
models::CellRule cell_rule(const AnswerWeights& weights, const PosteriorCells& cells);

}  // namespace equipoise::frontier
