#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/score_curves/ranked_scores.h"

namespace equipoise::evaluation {

/// Rows in the order of their scores, sorted once for the areas of everyone and of all groups.
class RankedRows {
 public:
  /// Scores must be numbers, labels 0 or 1. `weights` [n] or empty. The spans must outlive this.
  RankedRows(std::span<const double> scores, std::span<const std::uint8_t> labels, std::span<const float> weights);

  /// Area under the ROC curve of the rows of each level: the weighted share of (positive, negative) pairs in which the
  /// positive has the higher score, ties counting half. Absent where a level has no positive or no negative.
  /// `codes` [n] level of each row, negative: left out; or empty: no row has a level.
  std::vector<std::optional<double>> areas(std::span<const std::int32_t> codes, std::size_t levels) const;
  /// The same for everyone.
  std::optional<double> area() const;

 private:
  kernels::ScoreRows rows_;
  kernels::RankedScores ranked_;
};

}  // namespace equipoise::evaluation
