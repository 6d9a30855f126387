// Measure, price and push of one batch, where the device can do so in one launch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <tuple>

#include "kernels/cell_stats/cell_stats.h"
#include "kernels/price/price.h"

namespace equipoise::kernels {

// What measure_price_push_out writes, kept by the caller from batch to batch.
struct MeasurePricePushWorkspace {
  CellStatsWorkspace measured;  // sums [K, C, 4] f64
  PriceWorkspace priced;        // prices [K, 2, C] f32
  at::Tensor row_prices;        // [2, K, C] f32: the same as push_out reads them, scratch of the three ops
  at::Tensor gradient;          // [K, N] in the logits' type
};

MeasurePricePushWorkspace make_measure_price_push_workspace(const at::Tensor& logits, std::int64_t cell_count,
                                                            const RateTable& table);

// Returns   in the workspace, what cell_stats_out, price_out (with these sums) and push_out (with these prices) return
//           one after the other; averages are moved on by this batch, step counts it already.
// Order     fixed: equal inputs give equal bits on one device. On the CPU the bits are those of the three ops.
// Throws    as the three ops. On CUDA a row whose cell is outside [0, C) makes the sums of cell 0 NaN, so that its average
//           stays and the loss prices lose their objective, and gets a NaN gradient.
// Cost      on CUDA with compute capability 9, N <= 16,384, C <= 128 and a table of at most 24 KiB, one launch, one
//           cluster of at most 8 blocks a member: each logit, weight and cell is read once. Elsewhere the three ops.
//           No tensor memory where all inputs are contiguous and no host sync: a CUDA graph may hold it.
void measure_price_push_out(MeasurePricePushWorkspace& workspace,
                            const at::Tensor& logits,                  // [K, N]
                            const at::Tensor& cells,                   // [N]
                            const at::Tensor& cell_labels,             // [C]
                            const std::optional<at::Tensor>& weights,  // [N]
                            at::Tensor& averages,                      // [K, C, 4], updated
                            const at::Tensor& step,                    // [1]
                            const at::Tensor& multipliers,             // [K, J]
                            const RateTable& table, double decay, double threshold, double temperature);

// The same with results of its own: sums [K, C, 4], prices [K, 2, C], gradient [K, N]. `step` is counted here, as by price.
std::tuple<at::Tensor, at::Tensor, at::Tensor> measure_price_push(const at::Tensor& logits, const at::Tensor& cells,
                                                                  const at::Tensor& cell_labels,
                                                                  const std::optional<at::Tensor>& weights,
                                                                  at::Tensor& averages, at::Tensor& step,
                                                                  const at::Tensor& multipliers, const RateTable& table,
                                                                  double decay, double threshold, double temperature);

}  // namespace equipoise::kernels
