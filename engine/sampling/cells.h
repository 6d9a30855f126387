#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/data/dataset.h"
#include "engine/sampling/params.h"

namespace equipoise::sampling {

/// What rows are told apart by: every combination of the recipes' groups, and of the labels where a recipe names them, that some of the
/// rows have.
struct SampledCells {
  static constexpr std::int32_t kAnyAnswer = -1;

  struct Cell {
    std::vector<std::int32_t> levels;  ///< beside groupings
    std::int32_t answer = kAnyAnswer;  ///< a binary label, 0 or 1, or a class
    std::int64_t rows = 0;             ///< those that have weight: the others are not drawn
    double weight = 0;                 ///< of these
  };

  std::vector<std::string> groupings;
  std::vector<std::vector<std::string>> levels;  ///< of each grouping
  std::vector<std::string> answers;              ///< names of labels or classes; empty where they are not told apart
  std::vector<Cell> cells;
  std::vector<std::int32_t> of_row;  ///< beside the rows that it was made of
  std::vector<bool> is_drawn;        ///< the same: whether a row has weight

  /// "sex=Female, label=positive"
  std::string name(std::size_t cell) const;
  /// Which cells have all that `where` says.
  std::vector<bool> matching(const std::map<std::string, std::string>& where) const;
  /// Cells that are alike in the columns of `by` have the same number, from 0 on.
  std::vector<std::int32_t> merged(const std::vector<std::string>& by) const;
};

/// [rows] the cell of each of some rows of the data set, by groups and label; -1 where no training row has these.
std::vector<std::int32_t> cells_of_rows(const SampledCells& cells, const data::Dataset& dataset,
                                        const std::vector<std::int64_t>& rows);

/// "negative" and "positive", or the classes; nothing of tasks whose labels recipes do not tell apart.
std::vector<std::string> answer_names(const data::Dataset& dataset);

/// Of the training rows `rows`, in their order. Throws UserError (config), all that is wrong at once: a group, level or label that there is
/// none of (nearest name), a label of a task that has none to tell apart, a `where` that no training row meets.
SampledCells make_cells(const SamplingParams& params, const data::Dataset& dataset,
                        const std::vector<std::int64_t>& rows, const config::Origin& origin);

}  // namespace equipoise::sampling
