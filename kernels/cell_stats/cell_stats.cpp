#include "kernels/cell_stats/cell_stats.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <atomic>

#include "kernels/arguments.h"
#include "kernels/cell_stats/cell_stats_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "cell_stats";

std::int64_t strips_on(const at::Device& device, [[maybe_unused]] std::int64_t members, std::int64_t rows,
                       std::int64_t cell_count) {
#ifdef EQUIPOISE_CUDA
  if (device.is_cuda()) return cell_stats_strips_cuda(members, rows, cell_count);
#endif
  return cell_stats_strips(rows, cell_count);
}

void run_on_cpu(const CellStatsProblem& problem) {
  std::atomic<std::int64_t> bad_row{-1};
  at::parallel_for(0, problem.strips * problem.members, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t bad = cell_stats_strip_cpu(problem, task / problem.members, task % problem.members);
      if (bad >= 0) bad_row = bad;
    }
  });
  TORCH_CHECK(bad_row < 0, kOp, ": the cell of row ", bad_row.load(), " is outside [0, ", problem.cell_count, ")");
  cell_stats_finish_cpu(problem);
}

// After check_rows.
void measure(CellStatsWorkspace& workspace, const at::Tensor& logits, const at::Tensor& cells,
             const at::Tensor& cell_labels, const std::optional<at::Tensor>& weights, double threshold,
             double temperature) {
  const RowArguments rows = hold_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  CellStatsProblem problem{rows.problem};
  problem.sums = workspace.sums.mutable_data_ptr<double>();
  problem.partials = workspace.partials.mutable_data_ptr<double>();
  problem.strips = workspace.partials.size(0);
#ifdef EQUIPOISE_CUDA
  if (logits.is_cuda()) {
    const c10::cuda::CUDAGuard guard(logits.device());
    check_launched(kOp, launch_cell_stats(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  run_on_cpu(problem);
}

}  // namespace

CellStatsWorkspace make_cell_stats_workspace(std::int64_t members, std::int64_t rows, std::int64_t cell_count,
                                             const at::Device& device) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
  const std::int64_t strips = strips_on(device, members, rows, cell_count);
  return {at::empty({members, cell_count, kCellQuantities}, options),
          at::empty({strips, members, cell_count, kCellQuantities}, options)};
}

void cell_stats_out(CellStatsWorkspace& workspace, const at::Tensor& logits, const at::Tensor& cells,
                    const at::Tensor& cell_labels, const std::optional<at::Tensor>& weights, double threshold,
                    double temperature) {
  check_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  const std::int64_t members = logits.size(0), cell_count = cell_labels.size(0);
  const std::int64_t strips = strips_on(logits.device(), members, logits.size(1), cell_count);
  check_written(kOp, "workspace.sums", workspace.sums, at::kDouble, {members, cell_count, kCellQuantities}, "logits",
                logits);
  check_written(kOp, "workspace.partials", workspace.partials, at::kDouble,
                {strips, members, cell_count, kCellQuantities}, "logits", logits);
  measure(workspace, logits, cells, cell_labels, weights, threshold, temperature);
}

at::Tensor cell_stats(const at::Tensor& logits, const at::Tensor& cells, const at::Tensor& cell_labels,
                      const std::optional<at::Tensor>& weights, double threshold, double temperature) {
  check_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  if (logits.is_meta()) {
    return at::empty_symint({logits.sym_size(0), cell_labels.sym_size(0), kCellQuantities},
                            logits.options().dtype(at::kDouble));
  }
  CellStatsWorkspace workspace =
      make_cell_stats_workspace(logits.size(0), logits.size(1), cell_labels.size(0), logits.device());
  measure(workspace, logits, cells, cell_labels, weights, threshold, temperature);
  return workspace.sums;
}

}  // namespace equipoise::kernels
