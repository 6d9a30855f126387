#pragma once

#include <cstdint>
#include <span>

#include "kernels/score_curves/score_curves_kernel.h"

namespace equipoise::evaluation {

/// Scored rows as kernels/score_curves reads them; `weights` empty: every row weighs 1. The spans must outlive the result.
inline kernels::ScoreRows score_rows(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                     std::span<const float> weights) {
  kernels::ScoreRows rows;
  rows.scores = scores.data();
  rows.double_scores = true;
  rows.labels = labels.data();
  rows.weights = weights.empty() ? nullptr : weights.data();
  rows.rows = static_cast<std::int64_t>(scores.size());
  return rows;
}

/// The same rows by group: codes [n] in [0, count), negative for none.
inline kernels::ScoreRows by_group(kernels::ScoreRows rows, std::span<const std::int32_t> codes, std::size_t count) {
  rows.groups = codes.data();
  rows.group_type = kernels::CellType::kI32;
  rows.group_count = static_cast<std::int64_t>(count);
  return rows;
}

}  // namespace equipoise::evaluation
