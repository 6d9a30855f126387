#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/constraints/row_counts.h"
#include "engine/constraints/table.h"
#include "engine/evaluation/number_statistics.h"
#include "engine/evaluation/params.h"

namespace equipoise::evaluation {

/// The upper bound that the test rows would give a promise's figure if the rate of every level were `rate`: from the rows
/// of each cell alone, and of a regression from the spread of the training rows' targets. A rate over decisions (PPV) has the
/// largest denominator that goes with the rate. Nothing where the promise is about a weighted sum or the loss of a regression, or where
/// fewer levels than it compares have `min_rows` effective rows.
std::optional<double> bound_at(double rate, const constraints::ConstraintTable& table,
                               const constraints::Promise& promise, const constraints::RowCounts& counts,
                               std::int64_t min_rows, double confidence);

/// What the test rows could show of one promise, as far as that is known before training.
struct Outlook {
  std::optional<double> least;         ///< of parity, calibration and sums that compare: the smallest tolerance shown
  std::optional<std::string> warning;  ///< where the promise's own tolerance would not be
};

/// Of every promise; nothing is known of any without test rows. Of the bins of a calibration the one that shows least warns.
///
/// What could be shown is the bound by a model better than is asked for (better_model.h), which a warning describes:
///   * parity, and a weighted sum whose weights of each rate add up to 0: all groups' rates are exactly equal, shares at the
///     training rows' base rate (selection rate), .05 or .95; predicted numbers explain half of the variance of each group's
///     targets in the training rows; squared errors and losses of a regression are those of normal errors, at half of that variance of all
///     together; log losses are those of right scores (below), with one number added to each group's;
///   * calibration: scores are right, and explain half of the variance of each group's labels;
///   * a bound of a share, a squared error or a loss of a regression: rates halfway between it and 0 (or 1), of a loss no larger than what is
///     assumed for parity; of a mean residual: 0; of a log loss: scores are right, and explain half of the variance of each group's labels;
///   * any other weighted sum of shares over fixed rows: halfway between the bound and the smallest sum that decisions have.
/// Nothing is known of a bound on mean predictions, which lower ones can always be shown to keep, and of sums of them or of other
/// means or rates over decisions (PPV) whose weights do not add up to 0. `loss` is a regression's, whose losses are not known without.
std::vector<Outlook> outlooks(const constraints::ConstraintTable& table, const constraints::RowCounts& counts,
                              std::int64_t min_rows, const EvaluationParams& params, const NumberLoss& loss = {});

/// The warnings alone.
std::vector<std::string> unshowable_promises(const constraints::ConstraintTable& table,
                                             const constraints::RowCounts& counts, std::int64_t min_rows,
                                             const EvaluationParams& params, const NumberLoss& loss = {});

}  // namespace equipoise::evaluation
