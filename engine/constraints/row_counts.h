#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"

namespace equipoise::constraints {

inline constexpr int kSplits = 4;  ///< train, selection, holdout, test

/// Rows per split, by cell and in all.
struct RowCounts {
  std::array<std::int64_t, kSplits> rows = {};                  ///< [splits]
  std::array<std::vector<std::int64_t>, kSplits> rows_of_cell;  ///< [splits][C]
  std::vector<double> training_weight;                          ///< [C]

  bool used(int split) const { return rows[split] > 0; }
};

/// Rows in a linear form's cells, whatever their weights; `rows_of_cell` [C].
std::int64_t rows_in(const LinearForm& form, const std::vector<std::int64_t>& rows_of_cell);

RowCounts count_rows(const data::Cells& cells, const data::Dataset& dataset);

}  // namespace equipoise::constraints
