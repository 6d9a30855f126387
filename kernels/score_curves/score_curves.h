// Curves over scored rows, per group and over everyone: areas under the ROC curve, what lies above thresholds, histograms.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace equipoise::kernels {

// What all three read; row G of every result is everyone, of whatever group.
struct ScoredRows {
  at::Tensor scores;                  // [K, N] f32 | f64: probabilities, logits, anything ordered
  at::Tensor labels;                  // [N] u8, 0 or 1
  std::optional<at::Tensor> groups;   // [N] u8 | i16 | i32, negative: of no group
  std::int64_t group_count = 0;       // G; 0 without groups
  std::optional<at::Tensor> weights;  // [N] f32, 1 if absent
};

// Shapes    rows as above, N < 2^31.
// Returns   areas [K, G + 1] f64: the weighted share of (positive, negative) pairs in which the positive has the higher
//           score, ties counting half. NaN where a group has no positive or no negative.
// Gradient  none.
// Order     equal inputs give equal bits on one device, with any number of CPU threads. Without weights pairs are
//           counted in integers: the same bits on CPU and CUDA. With weights they differ by at most 1e-12.
// Throws    on a wrong type, shape or device; on a score that is NaN (member and row), a label other than 0 and 1 or a
//           group at or above G (row), for which CUDA is waited for once, at the end.
// Cost      a sort of N scores a member. CPU: 16 bytes a row moved twice through memory, the rest in the cache. CUDA:
//           CUB's radix sort, 4 or 8 passes of 8 or 12 bytes a row.
at::Tensor score_areas(const ScoredRows& rows);

// Shapes    rows as above, thresholds [T] f64, ascending.
// Returns   above [K, G + 1, 2, T + 1] f64: by label, in column 0 the weight of all rows, in column k + 1 of those with
//           score > thresholds[k]. All rates at all thresholds are ratios of these.
// Gradient  none.
// Order     as score_areas; between devices sums of weights differ by at most 1e-12 of the sum.
// Throws    as score_areas, and on thresholds that do not ascend or are not numbers, naming the place.
// Cost      CPU: reads each row once. CUDA: cell_order over (G + 1) 2 (T + 1) cells.
at::Tensor score_above(const ScoredRows& rows, const at::Tensor& thresholds);

// Columns of the histogram.
enum ScoreQuantity : std::int64_t {
  kBinRows = 0,       // rows
  kBinWeight = 1,     // sum of s_i
  kBinScore = 2,      // sum of s_i score_i
  kBinPositives = 3,  // sum of s_i label_i
  kScoreQuantities = 4,
};

// Shapes    rows as above; `bins` = B bins of equal width over [low, high], scores outside in the first and last.
// Returns   histogram [K, G + 1, B, 4] f64, columns as in ScoreQuantity: what calibration curves and errors need.
// Gradient  none.
// Order     as score_areas; between devices sums differ by at most 1e-12 of the sum of magnitudes.
// Throws    as score_areas, and on bins < 1 or low >= high.
// Cost      CPU: reads each row once. CUDA: cell_order over (G + 1) B cells.
at::Tensor score_histogram(const ScoredRows& rows, std::int64_t bins, double low, double high);

}  // namespace equipoise::kernels
