#pragma once

#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/params.h"
#include "engine/constraints/row_counts.h"
#include "engine/data/dataset.h"

namespace equipoise::constraints {

/// Checks what the user asked for against the data set's groupings, before anything is built from it. Throws one
/// UserError (config) with every problem: unknown kind, form, grouping or reference level, a tolerance out of range, a
/// grouping with one level, a rate that the task does not have, an unknown class or label, a constraint that repeats another, one about stored decisions that are not there, or stored
/// decisions that none is about.
void check_requests(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset,
                    const config::Origin& origin);

/// What the config alone tells of the data.
struct KnownOfData {
  std::vector<std::string> groupings;
  bool has_stored_decisions = false;
  data::Task task = data::Task::binary;
  std::vector<std::string> outcomes;  ///< names of the classes or labels; empty: not known before the data are read
};

/// The same as far as it can be told from the config alone.
void check_requests(const std::vector<ConstraintParams>& constraints, const KnownOfData& known,
                    const config::Origin& origin);

/// Throws UserError (config) when a level with at least `min_rows` rows has none in a split that is used, a stratum as large has rows of one
/// group alone, or a term is about groups that have no row in common.
void check_levels_in_splits(const std::vector<ConstraintParams>& constraints, const data::Cells& cells,
                            const RowCounts& counts, std::int64_t min_rows, const config::Origin& origin);

}  // namespace equipoise::constraints
