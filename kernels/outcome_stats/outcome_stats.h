// Measure of outcomes: per cell, sums of weight and loss, and of each outcome's soft and hard values.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "kernels/outcome_stats/outcome_rule.h"

namespace equipoise::kernels {

// Shapes    scores [K, N, O] f32 | bf16, targets [N] f32, cells [N] u8 | i16 | i32, weights [N] f32 (1 if absent); O, the
//           number of outcomes M and what they are: OutcomeRule.
// Returns   sums [K, C M, 4] f64 in the layout of cell_stats, so that `price` and `judge` read them: outcome m of cell c is
//           row c M + m, columns as in CellQuantity. Weight and loss of a row are in outcome 0 of its cell only and 0
//           in the others; soft and hard of outcome m in row c M + m. A NaN score makes the loss and all soft sums of its
//           cell NaN; of the hard ones, in a regression those of outcomes 0 to 2, in the others the row counts as 0. A NaN
//           target of a regression makes the loss, the residual and its square NaN.
// Gradient  none: `outcome_lagrangian` is the differentiable form.
// Order     equal inputs give equal bits on one device, with any number of CPU threads. CUDA agrees with the CPU within
//           3e-6 of the sum of a column's absolute values.
// Throws    on a wrong type, shape or device, and on the CPU, naming the row, on a cell outside [0, C), a softmax target
//           that is no class or a calibration target that is not 0 or 1; on CUDA, where looking would stall the stream,
//           such a row makes the sums of cell 0 NaN instead.
// Cost      reads each score, target, weight and cell once a member: 4 O + 5 bytes a row for f32 scores and u8 cells.
at::Tensor outcome_stats(const at::Tensor& scores,   // [K, N, O]
                         const at::Tensor& targets,  // [N]
                         const at::Tensor& cells,    // [N]
                         std::int64_t cell_count,
                         const std::optional<at::Tensor>& weights,  // [N]
                         const OutcomeRule& rule);

// What outcome_stats_out writes, kept by the caller from batch to batch.
struct OutcomeStatsWorkspace {
  at::Tensor sums;      // [K, C M, 4] f64, the result
  at::Tensor partials;  // [strips, K, C M, 4] f64, scratch
};

OutcomeStatsWorkspace make_outcome_stats_workspace(std::int64_t members, std::int64_t rows, std::int64_t cell_count,
                                                   const OutcomeRule& rule, const at::Device& device);

// outcome_stats into the sums of a workspace made for the same K, N, C, M and device. Where scores, targets, cells and
// weights are contiguous it takes no tensor memory: a training step repeats it, and a CUDA graph may hold it.
void outcome_stats_out(OutcomeStatsWorkspace& workspace, const at::Tensor& scores, const at::Tensor& targets,
                       const at::Tensor& cells, std::int64_t cell_count, const std::optional<at::Tensor>& weights,
                       const OutcomeRule& rule);

}  // namespace equipoise::kernels
