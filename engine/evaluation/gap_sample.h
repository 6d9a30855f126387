#pragma once

#include <cstdint>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// What one set of rows says about the rates of one promise.
struct GapSample {
  struct Level {
    bool compared = false;  ///< enough rows to be part of the gap
    double rate = 0;        ///< NaN without rows
    double rows = 0;        ///< effective rows in the rate's denominator
    double share = 0;       ///< of the denominator of everyone's rate
  };
  /// The promise with `estimable` as these rows have it, its levels' rates numbered 0, 1, ... and then everyone's.
  constraints::Promise promise;
  std::vector<Level> levels;

  /// Whether there is a gap at all.
  bool comparable() const;
  /// The levels' rates, then everyone's, the shares' mean of them: [levels + 1].
  std::vector<double> rates() const;
};

/// From exact cell sums [C * 4]. `estimable` [levels]: the levels that may be compared, which are so when they have rows.
GapSample make_gap_sample(const constraints::ConstraintTable& table, const constraints::Promise& promise,
                          const std::vector<double>& sums, const SquareWeights& squares,
                          const std::vector<bool>& estimable);

/// Everyone's rate in the entry after the levels', from theirs.
void set_overall_rate(const GapSample& sample, std::vector<double>& rates);

}  // namespace equipoise::evaluation
