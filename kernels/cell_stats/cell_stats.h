// Measure: per-cell sums of weight, loss, soft positives and hard positives.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace equipoise::kernels {

// Columns of the sums.
enum CellQuantity : std::int64_t {
  kWeight = 0,         // sum of s_i
  kLoss = 1,           // sum of s_i loss_i, loss_i = max(z, 0) - y z + log1p(exp(-|z|))
  kSoftPositives = 2,  // sum of s_i sigmoid((z_i - threshold) / temperature)
  kHardPositives = 3,  // sum of s_i 1[z_i > threshold]
  kCellQuantities = 4,
};

// Shapes    logits [K, N] f32 | bf16, cells [N] u8 | i16 | i32, cell_labels [C] u8 (0 or 1),
//           weights [N] f32 (1 if absent).
// Returns   sums [K, C, 4] f64, columns as in CellQuantity; a NaN logit makes its cell's loss and soft sums NaN.
// Gradient  none: `lagrangian` is the differentiable form.
// Order     equal inputs give equal bits on one device, with any number of CPU threads. CUDA agrees with the CPU within
//           3e-6 of a sum; there, with 9 to 256 cells and no weights, each row's loss is rounded to 2^-30 and its soft
//           positive to 2^-20 before it is added (kernels/cell_stats/lane_bins.cuh).
// Throws    on a wrong type, shape or device, and on the CPU on a cell outside [0, C), naming the row; on CUDA, where
//           looking would stall the stream, such a row makes the sums of cell 0 NaN instead.
// Cost      reads each logit, weight and cell once a member: 5 bytes a row for f32 logits and u8 cells.
at::Tensor cell_stats(const at::Tensor& logits,                  // [K, N]
                      const at::Tensor& cells,                   // [N]
                      const at::Tensor& cell_labels,             // [C]
                      const std::optional<at::Tensor>& weights,  // [N]
                      double threshold, double temperature);

// What cell_stats_out writes, kept by the caller from batch to batch.
struct CellStatsWorkspace {
  at::Tensor sums;      // [K, C, 4] f64, the result
  at::Tensor partials;  // [strips, K, C, 4] f64, scratch
};

CellStatsWorkspace make_cell_stats_workspace(std::int64_t members, std::int64_t rows, std::int64_t cell_count,
                                             const at::Device& device);

// cell_stats into the sums of a workspace made for the same K, N, C and device. Where logits, cells, labels and weights
// are contiguous it takes no tensor memory: a training step repeats it, and a CUDA graph may hold it.
void cell_stats_out(CellStatsWorkspace& workspace, const at::Tensor& logits, const at::Tensor& cells,
                    const at::Tensor& cell_labels, const std::optional<at::Tensor>& weights, double threshold,
                    double temperature);

}  // namespace equipoise::kernels
