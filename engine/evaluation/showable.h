#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/constraints/row_counts.h"
#include "engine/constraints/table.h"
#include "engine/evaluation/params.h"

namespace equipoise::evaluation {

/// The upper bound that the test rows would give a promise's figure if the rate of every level were `rate`: from the rows
/// of each cell alone. A rate over decisions (PPV) has the largest denominator that goes with the rate. Nothing where the
/// promise is about losses or a weighted sum, or where fewer levels than it compares have `min_rows` effective rows.
std::optional<double> bound_at(double rate, const constraints::ConstraintTable& table,
                               const constraints::Promise& promise, const constraints::RowCounts& counts,
                               std::int64_t min_rows, double confidence);

/// What the test rows could show of one promise, as far as that is known before training.
struct Outlook {
  std::optional<double> least;         ///< of parity: the smallest tolerance that would be shown
  std::optional<std::string> warning;  ///< where the promise's own tolerance would not be
};

/// Of every promise; nothing is known of any without test rows.
std::vector<Outlook> outlooks(const constraints::ConstraintTable& table, const constraints::RowCounts& counts,
                              std::int64_t min_rows, const EvaluationParams& params);

/// A warning for every promise that could not be shown to hold on the test rows even by a model better than is asked for:
/// of parity one whose rates are all equal, at the training rows' base rate (selection rate) or at the better of .05 and
/// .95, with the smallest tolerance that would be shown then; of a bound one with every rate halfway between it and 0
/// (or 1), with the rate that would be needed.
std::vector<std::string> unshowable_promises(const constraints::ConstraintTable& table,
                                             const constraints::RowCounts& counts, std::int64_t min_rows,
                                             const EvaluationParams& params);

}  // namespace equipoise::evaluation
