#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"

namespace equipoise::constraints {

inline constexpr int kSplits = 4;  ///< train, selection, holdout, test

/// Rows per split, by cell and in all; a row is in a cell for each of its outcomes.
struct RowCounts {
  std::array<std::int64_t, kSplits> rows = {};                  ///< [splits]
  std::array<std::vector<std::int64_t>, kSplits> rows_of_cell;  ///< [splits][C]
  std::array<std::vector<double>, kSplits> weight;              ///< [splits][C] sum of weights
  std::array<std::vector<double>, kSplits> square_weight;       ///< [splits][C] sum of squared weights
  /// [C] of a regression's training rows: of s t and s t^2, t being the target less their mean; else empty.
  std::vector<double> target, target_square;

  bool used(int split) const { return rows[split] > 0; }
};

/// The cells that a linear form is made of, each once.
std::vector<std::int32_t> cells_of(const LinearForm& form);

/// Rows in a linear form's cells, whatever their weights; `rows_of_cell` [C].
std::int64_t rows_in(const LinearForm& form, const std::vector<std::int64_t>& rows_of_cell);

/// How many rows of equal weight say as much as these (Kish 1965): (sum s)^2 / sum s^2; 0 without weight.
double effective_rows(double weight, double square_weight);
/// The same of a share of rows, such as those that are selected: with y of 0 or 1 and R its weighted mean,
///   min(Kish's, R (1 - R) (sum s)^2 / sum s^2 (y - R)^2),
/// the second being what R's variance (linearised; Saerndal, Swensson and Wretman 1992, section 5.6) leaves of a binomial's.
/// Kish's alone takes weights for unrelated to y. At R of 0 and 1 the variance shows nothing, and Kish's stands.
/// `square_in_share`: sum s^2 y.
double effective_rows(double weight, double square_weight, double share, double square_in_share);
/// The same of the cells of a linear form, in one split.
double effective_rows_in(const LinearForm& form, const RowCounts& counts, int split);

/// The variance of the targets of a linear form's training rows; NaN where there are none, or no targets.
double target_variance_in(const LinearForm& form, const RowCounts& counts);

RowCounts count_rows(const data::Cells& cells, const data::Dataset& dataset);

}  // namespace equipoise::constraints
