// Pointers and sizes of one judgement.
#pragma once

#include <cstdint>

#include "kernels/price/price_kernel.h"

namespace equipoise::kernels {

// How a multiplier follows its violation e. Ascent: scale * e. nuPI: scale * (integral_gain * e + proportional_gain *
// (xi - xi before)), xi <- nu * xi + (1 - nu) * e; at its first e, xi = e and the step is scale * integral_gain * e. Where
// e <= 0 nuPI's step is at most 0.
struct MultiplierRule {
  bool nupi = false;
  double nu = 0.0;
  double proportional_gain = 4.0;
  double integral_gain = 1.0;
  double radius = 0.0;  // largest sum of a member's multipliers; 0: unbounded
};

struct JudgeProblem {
  const double* sums = nullptr;                  // [K, C, 4]
  SparseRows numerators;                         // R rows over cell * 3 + quantity
  SparseRows denominators;                       // R rows over cell * 3 + quantity
  SparseRows constraints;                        // J rows over rates
  const std::int32_t* band_offsets = nullptr;    // [B + 1]
  const std::int32_t* band_rate = nullptr;       // [*]
  const std::int32_t* row_band = nullptr;        // [J]
  const double* row_band_coefficient = nullptr;  // [J]
  const double* bounds = nullptr;                // [K, J]
  const double* scale = nullptr;                 // [K]
  const std::uint8_t* moves = nullptr;           // [K]
  double* multipliers = nullptr;                 // [K, J]
  double* smoothed = nullptr;                    // [K, J]
  std::uint8_t* started = nullptr;               // [K, J]
  double* rates = nullptr;                       // [K, R]
  double* middles = nullptr;                     // [K, B] scratch
  double* violations = nullptr;                  // [K, J]
  std::int64_t members = 0;                      // K
  std::int64_t cell_count = 0;                   // C
  std::int64_t rate_count = 0;                   // R
  std::int64_t band_count = 0;                   // B
  std::int64_t constraint_count = 0;             // J
  MultiplierRule rule;
};

void judge_member_cpu(const JudgeProblem& problem, std::int64_t member);
int launch_judge(const JudgeProblem& problem, void* stream);

}  // namespace equipoise::kernels
