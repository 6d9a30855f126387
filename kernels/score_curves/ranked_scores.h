// Rows in the order of their scores, on the CPU: sorted once, for the areas of any number of groupings.
#pragma once

#include <memory>
#include <vector>

#include "kernels/score_curves/score_curves_kernel.h"

namespace equipoise::kernels {

class RankedScores {
 public:
  // Sorts the scores, which must be numbers; groups and weights are not looked at. At most 2^31 - 1 rows.
  explicit RankedScores(const ScoreRows& rows);

  // Area of each group [G] and of everyone [1], NaN where there is no positive or no negative; either may be null.
  // `rows` are those that were sorted, with any groups and weights.
  void areas(const ScoreRows& rows, double* of_groups, double* of_everyone) const;

  struct Item {
    std::uint64_t key;  // orders as the score does
    std::uint32_t row;
    std::uint32_t label;
  };

 private:
  std::unique_ptr<Item[]> items_;   // [N] ascending by key, then by row
  std::vector<std::int64_t> cuts_;  // item 0, N, and places between where the key changes, the same on any machine
};

}  // namespace equipoise::kernels
