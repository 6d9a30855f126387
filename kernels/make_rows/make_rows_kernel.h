// Pointers and sizes of one batch of made rows.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

struct MakeRowsProblem {
  const std::int64_t* rows;          // [B]
  const std::int16_t* codes;         // [N, F]
  const float* values;               // [N, F]
  const std::uint8_t* forms;         // [F]
  const std::int16_t* bins;          // [F]
  const std::int32_t* cells;         // [N]
  const std::int64_t* order;         // [N]
  const std::int64_t* offsets;       // [C + 1]
  const std::int64_t* neighbors;     // [N, k]
  const std::int32_t* kinds;         // [R]
  const float* amounts;              // [R]
  const std::int64_t* limits;        // [C, R]
  const std::int32_t* ranked;        // [F, N]
  const float* factors;              // [C, F, F]
  const std::int32_t* swap_recipes;  // [S]
  const std::int32_t* swap_features;
  const std::int32_t* swap_parents;
  const std::int16_t* swap_levels;   // [S, N]
  const std::int64_t* swap_offsets;  // [S + 1]
  const std::int16_t* becomes;       // [T]
  const std::int64_t* partner_rows;  // [P]
  const std::int64_t* pools;         // [C, R, 2]
  const float* mixing_parts;         // [R, Q]
  std::int64_t batch, count, cell_count, features, k, recipe_count, swap_count;
  std::int32_t log2_parts;  // of Q
  std::uint64_t seed;
  const std::int64_t* step;  // [1]
  std::int16_t* made_codes;  // [B, F]
  float* made_values;        // [B, F]
  std::int32_t* made_by;     // [B]
  std::int64_t* partners;    // [B]
  float* parts;              // [B]
};

void make_rows_cpu(const MakeRowsProblem& problem, std::int64_t begin, std::int64_t end);
// made_by alone.
void choose_recipes_cpu(const MakeRowsProblem& problem, std::int64_t begin, std::int64_t end);

// Features of which a block can hold the normal numbers of one row: on CUDA a copula takes no more.
inline constexpr std::int64_t kMostCopulaFeatures = 5888;

// All slots, enqueued on `stream` (a cudaStream_t); returns a cudaError_t. A slot whose source is outside [0, N) or in a cell outside
// [0, C) gets codes 0 and values NaN.
int launch_make_rows(const MakeRowsProblem& problem, void* stream);

}  // namespace equipoise::kernels
