// Judge: the exact rates of whole splits, the violations of the constraints, and one step of the multipliers.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>

#include "kernels/judge/judge_kernel.h"
#include "kernels/price/price.h"

namespace equipoise::kernels {

// What a violation has beside the linear form of rates in the RateTable. The middle of a band is half the sum of its
// smallest and its largest rate that has a value. Offsets and indices i32; all on one device.
struct BandTable {
  at::Tensor offsets;          // [B + 1]
  at::Tensor rate;             // [*], rates of each band
  at::Tensor row_band;         // [J], the band of each constraint, -1 for none
  at::Tensor row_coefficient;  // [J] f64, of its middle
};

// The same bands on another device.
BandTable on_device(const BandTable& bands, const at::Device& device);

// The multipliers of a bank and how they moved so far; all [K, J].
struct MultiplierState {
  at::Tensor values;    // f64, >= 0
  at::Tensor smoothed;  // f64, nuPI's xi
  at::Tensor started;   // u8, nuPI: whether xi has its first value
};

// Shapes    sums [K, C, 4] f64 (cell_stats over a whole split), bounds [K, J] f64, scale [K] f64: the step size times the
//           training steps since the last judgement; moves [K] u8: 0 where a member's multipliers stay as they are.
// Returns   rates [K, R] f64, exact: hard positives over weights, NaN where the denominator is not above 0;
//           violations [K, J] f64: form of the rates + coefficient * middle of the band - bound, at most 0 where the
//           constraint holds, NaN where a rate it needs is NaN.
//           state moves on by one step (docs/math.md: projected ascent, or nuPI of Sohrabi et al. 2024) and is projected
//           on {values >= 0, sum <= radius}; a violation that is NaN leaves its multiplier where it was.
// Gradient  none.
// Order     fixed: equal inputs give equal bits on one device, for any number of CPU threads. Between devices the
//           projection's sum may differ in its last bits.
// Throws    on a wrong type, shape or device; on the CPU also on an index outside the table.
// Cost      one small kernel on CUDA, one block a member, no host sync.
std::pair<at::Tensor, at::Tensor> judge(const at::Tensor& sums, const RateTable& table, const BandTable& bands,
                                        const at::Tensor& bounds, const at::Tensor& scale, const at::Tensor& moves,
                                        MultiplierState& state, const MultiplierRule& rule);

// Multipliers that have not moved: zeros.
MultiplierState zero_multiplier_state(std::int64_t members, std::int64_t constraints, const at::Device& device);

}  // namespace equipoise::kernels
