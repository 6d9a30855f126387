#include "kernels/cell_stats/cell_stats.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <atomic>

#include "kernels/arguments.h"
#include "kernels/cell_stats/cell_stats_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "cell_stats";

at::Tensor cell_stats_cpu(CellStatsProblem problem) {
  problem.strips = cell_stats_strips(problem.rows, problem.cell_count);
  const auto options = at::TensorOptions().dtype(at::kDouble);
  at::Tensor sums = at::empty({problem.members, problem.cell_count, kCellQuantities}, options);
  at::Tensor partials = at::empty({problem.strips, problem.members, problem.cell_count, kCellQuantities}, options);
  problem.sums = sums.mutable_data_ptr<double>();
  problem.partials = partials.mutable_data_ptr<double>();
  std::atomic<std::int64_t> bad_row{-1};
  at::parallel_for(0, problem.strips * problem.members, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t bad = cell_stats_strip_cpu(problem, task / problem.members, task % problem.members);
      if (bad >= 0) bad_row = bad;
    }
  });
  TORCH_CHECK(bad_row < 0, kOp, ": the cell of row ", bad_row.load(), " is outside [0, ", problem.cell_count, ")");
  cell_stats_finish_cpu(problem);
  return sums;
}

#ifdef EQUIPOISE_CUDA
at::Tensor cell_stats_cuda(CellStatsProblem problem, const at::Tensor& logits) {
  const c10::cuda::CUDAGuard guard(logits.device());
  problem.strips = cell_stats_strips_cuda(problem.members, problem.rows, problem.cell_count);
  const auto options = logits.options().dtype(at::kDouble);
  at::Tensor sums = at::empty({problem.members, problem.cell_count, kCellQuantities}, options);
  at::Tensor partials = at::empty({problem.strips, problem.members, problem.cell_count, kCellQuantities}, options);
  problem.sums = sums.mutable_data_ptr<double>();
  problem.partials = partials.mutable_data_ptr<double>();
  check_launched(kOp, launch_cell_stats(problem, c10::cuda::getCurrentCUDAStream().stream()));
  return sums;
}
#endif

}  // namespace

at::Tensor cell_stats(const at::Tensor& logits, const at::Tensor& cells, const at::Tensor& cell_labels,
                      const std::optional<at::Tensor>& weights, double threshold, double temperature) {
  check_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  if (logits.is_meta()) {
    return at::empty_symint({logits.sym_size(0), cell_labels.sym_size(0), kCellQuantities},
                            logits.options().dtype(at::kDouble));
  }
  const RowArguments rows = hold_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  CellStatsProblem problem{rows.problem};
#ifdef EQUIPOISE_CUDA
  if (logits.is_cuda()) return cell_stats_cuda(problem, rows.logits);
#endif
  return cell_stats_cpu(problem);
}

}  // namespace equipoise::kernels
