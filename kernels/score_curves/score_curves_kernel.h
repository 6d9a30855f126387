// Pointers and sizes of one member's curves. Row G of each result is everyone. These functions trust what
// find_bad_score_cpu and its launch look for.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/device/cell_type.h"

namespace equipoise::kernels {

struct ScoreRows {
  const void* scores = nullptr;          // [N] f32, or f64 with double_scores
  const std::uint8_t* labels = nullptr;  // [N] 0 or 1
  const void* groups = nullptr;          // [N] of group_type, negative: of no group; null with G = 0
  const float* weights = nullptr;        // [N], or null for all ones
  std::int64_t rows = 0;                 // N
  std::int64_t group_count = 0;          // G
  CellType group_type = CellType::kI32;
  bool double_scores = false;
};

// The first row, or -1, with what the curves cannot take.
struct BadScore {
  std::int64_t not_a_number = -1;
  std::int64_t label = -1;
  std::int64_t group = -1;
};

struct ScoreAbove {
  const double* thresholds = nullptr;  // [T] ascending
  std::int64_t threshold_count = 0;    // T
  double* above = nullptr;             // [G + 1, 2, T + 1], out
};

struct ScoreHistogram {
  std::int64_t bins = 0;  // B
  double low = 0.0;
  double bins_per_unit = 0.0;   // B / (high - low)
  double* histogram = nullptr;  // [G + 1, B, 4], out
};

BadScore find_bad_score_cpu(const ScoreRows& rows);
void score_above_cpu(const ScoreRows& rows, const ScoreAbove& curve);
void score_histogram_cpu(const ScoreRows& rows, const ScoreHistogram& curve);
// areas on the CPU: kernels/score_curves/ranked_scores.h

// `scratch` has so many bytes as the function before says.
int launch_find_bad_score(const ScoreRows& rows, std::int64_t* bad_rows, void* stream);  // [3], none: negative
std::size_t score_areas_scratch(const ScoreRows& rows);
int launch_score_areas(const ScoreRows& rows, double* areas, void* scratch, void* stream);
std::size_t score_above_scratch(const ScoreRows& rows, const ScoreAbove& curve);
int launch_score_above(const ScoreRows& rows, const ScoreAbove& curve, void* scratch, void* stream);
std::size_t score_histogram_scratch(const ScoreRows& rows, const ScoreHistogram& curve);
int launch_score_histogram(const ScoreRows& rows, const ScoreHistogram& curve, void* scratch, void* stream);

}  // namespace equipoise::kernels
