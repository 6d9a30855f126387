#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace equipoise::evaluation {

/// Rows in the order of their scores, sorted once for the areas of everyone and of all groups.
class RankedRows {
 public:
  /// Scores must be numbers. `weights` [n] or empty.
  RankedRows(std::span<const double> scores, std::span<const std::uint8_t> labels, std::span<const float> weights);

  /// Area under the ROC curve of the rows of each level: the weighted share of (positive, negative) pairs in which the
  /// positive has the higher score, ties counting half. Absent where a level has no positive or no negative.
  /// `codes` [n] level of each row, negative: left out.
  std::vector<std::optional<double>> areas(std::span<const std::int32_t> codes, std::size_t levels) const;

 private:
  struct Row {
    double score;
    std::uint32_t index;
  };
  std::vector<Row> rows_;  ///< ascending by score
  std::span<const std::uint8_t> labels_;
  std::span<const float> weights_;
};

}  // namespace equipoise::evaluation
