#include "kernels/push/push.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <atomic>

#include "kernels/arguments.h"
#include "kernels/push/push_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "push";
constexpr std::int64_t kTaskRows = 32768;

void push_cpu(const PushProblem& problem) {
  std::atomic<std::int64_t> bad_row{-1};
  const std::int64_t tasks_per_member = (problem.rows + kTaskRows - 1) / kTaskRows;
  at::parallel_for(0, tasks_per_member * problem.members, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t first = task % tasks_per_member * kTaskRows;
      PushRange range{&problem, task / tasks_per_member, first, std::min(first + kTaskRows, problem.rows), -1};
      push_range_cpu(range);
      if (range.bad_row >= 0) bad_row = range.bad_row;
    }
  });
  TORCH_CHECK(bad_row < 0, kOp, ": the cell of row ", bad_row.load(), " is outside [0, ", problem.cell_count, ")");
}

}  // namespace

void push_out(at::Tensor& gradient, const at::Tensor& logits, const at::Tensor& cells, const at::Tensor& cell_labels,
              const at::Tensor& loss_price, const at::Tensor& soft_price, const std::optional<at::Tensor>& weights,
              double threshold, double temperature) {
  check_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  check_prices(kOp, loss_price, soft_price, logits, cell_labels);
  check_device(kOp, "gradient", gradient, "logits", logits);
  check_type(kOp, "gradient", gradient, logits.scalar_type());
  check_shape(kOp, "gradient", gradient, logits.sym_sizes());
  check_contiguous(kOp, "gradient", gradient);
  if (logits.is_meta()) return;
  const RowArguments rows = hold_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  const at::Tensor loss_price_dense = loss_price.contiguous();
  const at::Tensor soft_price_dense = soft_price.contiguous();
  PushProblem problem{rows.problem};
  problem.loss_price = loss_price_dense.const_data_ptr<float>();
  problem.soft_price = soft_price_dense.const_data_ptr<float>();
  problem.gradient = gradient.mutable_data_ptr();
#ifdef EQUIPOISE_CUDA
  if (logits.is_cuda()) {
    const c10::cuda::CUDAGuard guard(logits.device());
    check_launched(kOp, launch_push(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  push_cpu(problem);
}

at::Tensor push(const at::Tensor& logits, const at::Tensor& cells, const at::Tensor& cell_labels,
                const at::Tensor& loss_price, const at::Tensor& soft_price, const std::optional<at::Tensor>& weights,
                double threshold, double temperature) {
  TORCH_CHECK(logits.defined(), kOp, ": logits is an undefined tensor");
  at::Tensor gradient = at::empty_symint(logits.sym_sizes(), logits.options());
  push_out(gradient, logits, cells, cell_labels, loss_price, soft_price, weights, threshold, temperature);
  return gradient;
}

}  // namespace equipoise::kernels
