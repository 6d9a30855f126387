#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/models/cell_rule.h"

namespace equipoise::frontier {

/// What a posterior is over: every combination of the groups that constraints name, with each label (binary) or each class. Of
/// a binary task they are the cells of the constraint table, in its order; of K classes the table has two for each class, and these are
/// those of label 1.
struct PosteriorCells {
  std::vector<std::string> names;     ///< [C] "sex = Female, label 1"; of classes "sex = Female, class = blue"
  std::vector<std::int32_t> answers;  ///< [C] the label or the class of its rows
  std::int32_t answer_count = 2;      ///< A
  bool is_binary = true;              ///< whether its answers are labels 0 and 1, and no classes
  /// [C_table] the pairs (answer, posterior cell) that count as positives of a cell of the table.
  std::vector<std::vector<std::pair<std::int32_t, std::int32_t>>> positives_of;
  /// [C_table] the posterior cells whose rows are in it.
  std::vector<std::vector<std::int32_t>> rows_of;

  std::int32_t count() const { return static_cast<std::int32_t>(names.size()); }
};

/// Of a task binary or classes.
PosteriorCells posterior_cells_of(const data::Cells& cells);

/// [rows] the posterior cell of each row that the table's cells are of.
std::vector<std::int32_t> posterior_cell_of_rows(const data::Cells& cells, const std::vector<std::uint8_t>& labels);

/// The part of a rule that says which groups it knows of rows: those of the cells, in their order. Of own rows, whose groups are all known.
models::CellRule rule_of_groups(const data::Cells& cells);

/// Throws UserError (config), all that is wrong at once: a task without decisions between answers, and every constraint of which
/// some rate is not linear in decisions, naming the rate and what can be had instead. Kinds and rates that there are none of are
/// left to others to refuse. Without a constraint that has a tolerance there is no frontier.
void check_constraints(const std::vector<constraints::ConstraintParams>& constraints, data::Task task,
                       const config::Origin& origin);

/// Throws UserError (config) where there are more cells than a softmax counts in one pass (data::kMostOutcomes).
void check_count(const PosteriorCells& cells);

}  // namespace equipoise::frontier
