#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/evaluation/score_statistics.h"

namespace equipoise::training {

/// Scored rows where the model is, as kernels/score_curves reads them.
struct DeviceScores {
  struct GroupCodes {
    std::string name;
    std::vector<std::string> levels;
    std::optional<at::Tensor> codes;  ///< [n] i32 level, negative: of none; absent for new rows without the column
  };

  at::Tensor probability;             ///< [n] f64 of the positive class
  at::Tensor labels;                  ///< [n] u8
  std::optional<at::Tensor> weights;  ///< [n] f32; absent: every row weighs 1
  at::Tensor cells;                   ///< [n] i32 cell in the constraint table, negative: of none
  std::vector<GroupCodes> groupings;
};

/// The scores of all rows of a data set and, on their device, its labels, weights, groups and `cells` [rows]. On the CPU
/// these share the memory of the data set and of `cells`, which must outlive them.
DeviceScores device_scores(const data::Dataset& dataset, const std::vector<std::int32_t>& cells,
                           const at::Tensor& probability);

/// Those of some rows, which ascend. All rows are not copied.
DeviceScores picked(const DeviceScores& scores, const std::vector<std::int64_t>& rows);

/// evaluation::host_statistics from rows on any device, which only the small tables leave; throws as it does. Without
/// weights every count is the same; sums of weights, scores and losses, and areas of weighted rows, differ from those of the
/// host by at most 1e-12 of the sum. Equal inputs give equal bits on one device, with any number of CPU threads.
evaluation::ScoreStatistics device_statistics(const std::string& split, const DeviceScores& scores,
                                              const evaluation::StatisticsRequest& request);

}  // namespace equipoise::training
