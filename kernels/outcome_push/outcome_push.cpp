#include "kernels/outcome_push/outcome_push.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <atomic>

#include "kernels/outcome_push/outcome_push_kernel.h"
#include "kernels/outcome_stats/outcome_arguments.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "outcome_push";
constexpr std::int64_t kTaskRows = 8192;

void push_cpu(const OutcomePushProblem& problem) {
  std::atomic<std::int64_t> bad_row{-1};
  const std::int64_t tasks_per_member = (problem.rows + kTaskRows - 1) / kTaskRows;
  at::parallel_for(0, tasks_per_member * problem.members, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t first = task % tasks_per_member * kTaskRows;
      OutcomePushRange range{&problem, task / tasks_per_member, first, std::min(first + kTaskRows, problem.rows), -1};
      outcome_push_range_cpu(range);
      if (range.bad_row >= 0) bad_row = range.bad_row;
    }
  });
  check_outcome_row(kOp, problem, bad_row);
}

}  // namespace

void outcome_push_out(at::Tensor& gradient, const at::Tensor& scores, const at::Tensor& targets,
                      const at::Tensor& cells, const at::Tensor& loss_price, const at::Tensor& soft_price,
                      const std::optional<at::Tensor>& weights, const OutcomeRule& rule) {
  check_outcome_rows(kOp, scores, targets, cells, weights, rule);
  check_outcome_prices(kOp, loss_price, soft_price, scores, rule);
  check_written(kOp, "gradient", gradient, scores.scalar_type(), scores.sym_sizes(), "scores", scores);
  if (scores.is_meta()) return;
  const OutcomeArguments rows =
      hold_outcome_rows(kOp, scores, targets, cells, loss_price.size(1) / rule.outcomes, weights, rule);
  const at::Tensor loss_price_dense = loss_price.contiguous();
  const at::Tensor soft_price_dense = soft_price.contiguous();
  OutcomePushProblem problem{rows.problem};
  problem.loss_price = loss_price_dense.const_data_ptr<float>();
  problem.soft_price = soft_price_dense.const_data_ptr<float>();
  problem.gradient = gradient.mutable_data_ptr();
#ifdef EQUIPOISE_CUDA
  if (scores.is_cuda()) {
    const c10::cuda::CUDAGuard guard(scores.device());
    check_launched(kOp, launch_outcome_push(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  push_cpu(problem);
}

at::Tensor outcome_push(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& cells,
                        const at::Tensor& loss_price, const at::Tensor& soft_price,
                        const std::optional<at::Tensor>& weights, const OutcomeRule& rule) {
  TORCH_CHECK(scores.defined(), kOp, ": scores is an undefined tensor");
  at::Tensor gradient = at::empty_symint(scores.sym_sizes(), scores.options());
  outcome_push_out(gradient, scores, targets, cells, loss_price, soft_price, weights, rule);
  return gradient;
}

at::Tensor outcome_push_by_name(const at::Tensor& scores, const at::Tensor& targets, const at::Tensor& cells,
                                const at::Tensor& loss_price, const at::Tensor& soft_price, std::string_view kind,
                                at::ArrayRef<double> parameters, const std::optional<at::Tensor>& weights) {
  return outcome_push(scores, targets, cells, loss_price, soft_price, weights,
                      named_outcome_rule(kind, parameters.vec()));
}

}  // namespace equipoise::kernels
