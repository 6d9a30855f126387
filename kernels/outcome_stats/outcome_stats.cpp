#include "kernels/outcome_stats/outcome_stats.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <atomic>

#include "kernels/cell_stats/cell_stats.h"
#include "kernels/outcome_stats/outcome_arguments.h"
#include "kernels/outcome_stats/outcome_columns.h"
#include "kernels/outcome_stats/outcome_stats_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "outcome_stats";

static_assert(static_cast<std::int64_t>(kOutcomeWeight) == kWeight && static_cast<std::int64_t>(kOutcomeLoss) == kLoss);
static_assert(static_cast<std::int64_t>(kOutcomeSoft) == kSoftPositives &&
              static_cast<std::int64_t>(kOutcomeHard) == kHardPositives && kCellQuantities == 4);

std::int64_t strips_on(const at::Device& device, [[maybe_unused]] std::int64_t members, std::int64_t rows,
                       std::int64_t table_rows) {
#ifdef EQUIPOISE_CUDA
  if (device.is_cuda()) return outcome_stats_strips_cuda(members, rows, table_rows);
#endif
  return outcome_stats_strips(rows, table_rows);
}

void run_on_cpu(const OutcomeStatsProblem& problem) {
  std::atomic<std::int64_t> bad_row{-1};
  at::parallel_for(0, problem.strips * problem.members, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t bad = outcome_stats_strip_cpu(problem, task / problem.members, task % problem.members);
      if (bad >= 0) bad_row = bad;
    }
  });
  check_outcome_row(kOp, problem, bad_row);
  outcome_stats_finish_cpu(problem);
}

// After the checks.
void measure(OutcomeStatsWorkspace& workspace, const at::Tensor& scores, const at::Tensor& targets,
             const at::Tensor& cells, std::int64_t cell_count, const std::optional<at::Tensor>& weights,
             const OutcomeRule& rule) {
  const OutcomeArguments rows = hold_outcome_rows(kOp, scores, targets, cells, cell_count, weights, rule);
  OutcomeStatsProblem problem{rows.problem};
  problem.sums = workspace.sums.mutable_data_ptr<double>();
  problem.partials = workspace.partials.mutable_data_ptr<double>();
  problem.strips = workspace.partials.size(0);
#ifdef EQUIPOISE_CUDA
  if (scores.is_cuda()) {
    const c10::cuda::CUDAGuard guard(scores.device());
    check_launched(kOp, launch_outcome_stats(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  run_on_cpu(problem);
}

}  // namespace

OutcomeStatsWorkspace make_outcome_stats_workspace(std::int64_t members, std::int64_t rows, std::int64_t cell_count,
                                                   const OutcomeRule& rule, const at::Device& device) {
  check_cell_count(kOp, cell_count);
  const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
  const std::int64_t table_rows = cell_count * rule.outcomes;
  const std::int64_t strips = strips_on(device, members, rows, table_rows);
  return {at::empty({members, table_rows, kCellQuantities}, options),
          at::empty({strips, members, table_rows, kCellQuantities}, options)};
}

void outcome_stats_out(OutcomeStatsWorkspace& workspace, const at::Tensor& scores, const at::Tensor& targets,
                       const at::Tensor& cells, std::int64_t cell_count, const std::optional<at::Tensor>& weights,
                       const OutcomeRule& rule) {
  check_outcome_rows(kOp, scores, targets, cells, weights, rule);
  check_cell_count(kOp, cell_count);
  const std::int64_t members = scores.size(0), table_rows = cell_count * rule.outcomes;
  const std::int64_t strips = strips_on(scores.device(), members, scores.size(1), table_rows);
  check_written(kOp, "workspace.sums", workspace.sums, at::kDouble, {members, table_rows, kCellQuantities}, "scores",
                scores);
  check_written(kOp, "workspace.partials", workspace.partials, at::kDouble,
                {strips, members, table_rows, kCellQuantities}, "scores", scores);
  measure(workspace, scores, targets, cells, cell_count, weights, rule);
}

at::Tensor outcome_stats(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& cells,
                         std::int64_t cell_count, const std::optional<at::Tensor>& weights, const OutcomeRule& rule) {
  check_outcome_rows(kOp, scores, targets, cells, weights, rule);
  check_cell_count(kOp, cell_count);
  if (scores.is_meta()) {
    return at::empty_symint({scores.sym_size(0), cell_count * rule.outcomes, kCellQuantities},
                            scores.options().dtype(at::kDouble));
  }
  OutcomeStatsWorkspace workspace =
      make_outcome_stats_workspace(scores.size(0), scores.size(1), cell_count, rule, scores.device());
  measure(workspace, scores, targets, cells, cell_count, weights, rule);
  return workspace.sums;
}

}  // namespace equipoise::kernels
