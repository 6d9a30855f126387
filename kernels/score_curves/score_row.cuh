// One scored row on the device. Rows that the host will refuse are read without harm.
#pragma once

#include "kernels/device/stored_cell.h"
#include "kernels/score_curves/score_curves_kernel.h"

namespace equipoise::kernels {

__device__ inline double score_at(const ScoreRows& rows, std::int64_t row) {
  return rows.double_scores ? static_cast<const double*>(rows.scores)[row]
                            : static_cast<double>(static_cast<const float*>(rows.scores)[row]);
}

__device__ inline std::int64_t group_at(const ScoreRows& rows, std::int64_t row) {
  return rows.groups != nullptr ? stored_cell(rows.groups, rows.group_type, row) : -1;
}

// The group, or G for a row of none.
__device__ inline std::int32_t slot_at(const ScoreRows& rows, std::int64_t row) {
  const std::int64_t group = group_at(rows, row);
  return static_cast<std::int32_t>(group >= 0 && group < rows.group_count ? group : rows.group_count);
}

}  // namespace equipoise::kernels
