#pragma once

#include <cstdint>
#include <vector>

#include "engine/audit/counting.h"
#include "engine/audit/inputs.h"

namespace equipoise::audit {

/// A logistic model with one weight per value of each input: what all inputs together tell of a yes or no, each by itself. Its weights
/// are held near 0 by as much as one row would (ridge), so that it always has a solution; found by iteratively reweighted
/// least squares.
class AdditiveModel {
 public:
  /// `truth` beside rows.index: 0 or 1.
  AdditiveModel(std::vector<const Input*> inputs, const Rows& rows, const std::vector<std::uint8_t>& truth);
  /// The logit of each row.
  std::vector<double> scores(const Rows& rows) const;

 private:
  std::vector<const Input*> inputs_;
  std::vector<std::int64_t> first_;  // [inputs] place of each one's first value
  std::vector<double> weights_;      // the last is everyone's
};

}  // namespace equipoise::audit
