#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/training/params.h"
#include "kernels/outcome_stats/outcome_rule.h"

namespace equipoise::training {

/// How the kernels sum the cells of a constraint table.
///
/// Binary, and each label of several, is a score and a cell of the table: the kernels' cells are the table's, but where scores
/// are cut into bins. Of several classes a row has all scores at once, and one cell of groups and class; of a number one of
/// groups alone; of a binary score or a label with bins one of groups and label. Those have M
/// rows of sums, one for each outcome (kernels/outcome_stats), and what the table wants is made of them by adding.
struct KernelCells {
  data::Task task = data::Task::binary;
  std::int64_t outputs = 1;         ///< O, scores a row
  std::int64_t cells_of_a_row = 1;  ///< A: of labels O
  std::int32_t score_bins = 0;      ///< B
  std::int32_t cells = 0;           ///< Ck
  std::int32_t outcomes = 1;        ///< M
  std::int32_t of_table = 0;        ///< C, cells of the table
  std::vector<double> thresholds;   ///< of a number, above which predictions are counted
  /// [C] for each of the table's quantities what of the kernels' sums adds up to it, as row * kQuantities + quantity; empty
  /// where they are the same.
  std::vector<std::vector<std::int32_t>> parts[constraints::kQuantities];

  std::int32_t bin_cells = 0;  ///< of several classes with bins: cells of groups, class and label (class_bins.h)

  /// Rows of sums: those of the cells, then those of the classes' bins.
  std::int32_t rows() const { return cells * outcomes + bin_rows(); }
  std::int32_t bin_rows() const { return bin_cells * (1 + 2 * score_bins); }
  /// Whether each score is one of a binary label, in a cell of its own.
  bool are_binary() const { return task == data::Task::binary || task == data::Task::labels; }
  bool are_of_table() const { return are_binary() && score_bins == 0; }
};

KernelCells kernel_cells(const data::Cells& cells);

/// [rows * A] the kernels' cells of some rows of the data set.
std::vector<std::int32_t> kernel_cells_of(const std::vector<std::int64_t>& rows, const data::Cells& cells,
                                          const KernelCells& kernel);

/// [rows * O] those of each class's score as a binary one, where several classes have bins.
std::vector<std::int32_t> bin_cells_of(const std::vector<std::int64_t>& rows, const data::Cells& cells);

/// The class of a row, whose cells know it.
std::int32_t class_of(std::int64_t row, const data::Cells& cells);

/// A form of the table's sums as one of the kernels'.
constraints::LinearForm of_kernel_sums(const constraints::LinearForm& form, const KernelCells& kernel);

/// [C * 4] the table's sums from the kernels' [Ck M * 4].
std::vector<double> table_sums(const double* kernel_sums, const KernelCells& kernel);

/// What the scores of a row mean, where that is more than one cell each: `mean` and `deviation` of a number's targets.
std::optional<kernels::OutcomeRule> outcome_rule(const KernelCells& kernel, const TrainingParams& params,
                                                 double temperature, double mean, double deviation);

}  // namespace equipoise::training
