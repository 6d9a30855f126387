// Price: the multipliers' weights on each cell's loss and soft positives, by the chain rule through the rates.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace equipoise::kernels {

// What the constraints compile to: rates as ratios of two linear forms of the sums, constraints as linear forms of
// rates. Each form is a row of a sparse matrix in compressed form; a form of the sums is indexed by cell * 3 +
// RateQuantity. All tensors are on one device; offsets and indices i32, values f64.
struct RateTable {
  at::Tensor numerator_offsets;    // [R + 1]
  at::Tensor numerator_index;      // [*]
  at::Tensor numerator_value;      // [*]
  at::Tensor denominator_offsets;  // [R + 1]
  at::Tensor denominator_index;    // [*]
  at::Tensor denominator_value;    // [*]
  at::Tensor constraint_offsets;   // [J + 1]
  at::Tensor constraint_rate;      // [*]
  at::Tensor constraint_value;     // [*]
};

// The same table on another device.
RateTable on_device(const RateTable& table, const at::Device& device);

enum RateQuantity : std::int32_t { kRateWeight = 0, kRateLoss = 1, kRatePositives = 2, kRateQuantities = 3 };

// Shapes    sums [K, C, 4] f64 of this batch (cell_stats), averages [K, C, 4] f64, step [1] i64,
//           multipliers [K, J] f64, finite.
// Returns   prices [K, 2, C] f32: row 0 the loss price 1 / (weight of the batch) + sum over j of lambda_j dg_j/dL_c,
//           row 1 the soft price sum over j of lambda_j dg_j/dP_c. averages and step are moved on by one batch.
//           A rate that is not finite, or whose denominator is 0, is masked: it adds nothing. A batch sum that is not
//           finite leaves its average as it was. The prices are never NaN.
// Gradient  none.
// Order     fixed: equal inputs give equal bits on one device.
// Throws    on a wrong type, shape or device; on the CPU also on an index outside the table (check_rate_table).
// Cost      one small kernel on CUDA, one block a member, no host sync: K C (64 + 8) bytes and the table once a member.
//
// The average is plain and exponential, for every cell at every batch: a <- decay a + (1 - decay) batch, read as
// a / (1 - decay^step). An absent group is a batch sum of 0: its ratios N / D stay exactly what they were, because N
// and D fade together, and D stays the expected sum of a batch, which is what makes lambda / D times the rows that do
// come an unbiased gradient. Not fading while absent would keep D at "a batch where the group came" and price rare
// groups too low.
at::Tensor price(const at::Tensor& sums,         // [K, C, 4]
                 at::Tensor& averages,           // [K, C, 4], updated
                 at::Tensor& step,               // [1], incremented
                 const at::Tensor& multipliers,  // [K, J]
                 const RateTable& table, double decay);

// What price_out writes, kept by the caller from batch to batch.
struct PriceWorkspace {
  at::Tensor prices;   // [K, 2, C] f32, the result
  at::Tensor scratch;  // [K * (R + C) * 2] f64
};

PriceWorkspace make_price_workspace(std::int64_t members, std::int64_t cell_count, const RateTable& table);

// price into the prices of a workspace made for the same K, C and table, and without moving `step`, which counts this
// batch already: 1 for the first. Where sums, multipliers and table are contiguous it takes no tensor memory: a training
// step repeats it, and a CUDA graph may hold it.
void price_out(PriceWorkspace& workspace, const at::Tensor& sums, at::Tensor& averages, const at::Tensor& step,
               const at::Tensor& multipliers, const RateTable& table, double decay);

// Averages [K, C, 4] before the first batch: zeros.
at::Tensor empty_averages(std::int64_t members, std::int64_t cell_count, const at::Device& device);

// Throws if an offset, an index or a rate is outside the table, or if the tensors do not fit each other. Reads the
// table on the host, so call it once when the table is made.
void check_rate_table(const RateTable& table, std::int64_t cell_count);

}  // namespace equipoise::kernels
