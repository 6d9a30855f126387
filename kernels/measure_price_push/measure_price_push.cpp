#include "kernels/measure_price_push/measure_price_push.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "kernels/arguments.h"
#include "kernels/measure_price_push/measure_price_push_kernel.h"
#include "kernels/price/price_arguments.h"
#include "kernels/push/push.h"

namespace equipoise::kernels {

MeasurePricePushWorkspace make_measure_price_push_workspace(const at::Tensor& logits, std::int64_t cell_count,
                                                            const RateTable& table) {
  return {make_cell_stats_workspace(logits.size(0), logits.size(1), cell_count, logits.device()),
          make_price_workspace(logits.size(0), cell_count, table),
          at::empty({2, logits.size(0), cell_count}, logits.options().dtype(at::kFloat)),
          at::empty(logits.sizes(), logits.options())};
}

#ifdef EQUIPOISE_CUDA
namespace {

constexpr const char* kOp = "measure_price_push";

// False, and nothing done, where the batch does not fit.
bool ran_in_one_launch(MeasurePricePushWorkspace& workspace, const at::Tensor& logits, const at::Tensor& cells,
                       const at::Tensor& cell_labels, const std::optional<at::Tensor>& weights, at::Tensor& averages,
                       const at::Tensor& step, const at::Tensor& multipliers, const RateTable& table, double decay,
                       double threshold, double temperature) {
  check_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  at::Tensor& sums = workspace.measured.sums;
  check_written(kOp, "workspace.measured.sums", sums, at::kDouble,
                {logits.size(0), cell_labels.size(0), kCellQuantities}, "logits", logits);
  check_written(kOp, "workspace.gradient", workspace.gradient, logits.scalar_type(), logits.sym_sizes(), "logits",
                logits);
  const HeldPrice priced = hold_price(workspace.priced, sums, averages, step, multipliers, table, decay);
  const RowArguments rows = hold_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
  MeasurePricePushProblem problem{rows.problem};
  problem.price = priced.problem;
  problem.sums = sums.mutable_data_ptr<double>();
  problem.gradient = workspace.gradient.mutable_data_ptr();
  const c10::cuda::CUDAGuard guard(logits.device());
  if (!fits_one_cluster(problem)) return false;
  check_launched(kOp, launch_measure_price_push(problem, c10::cuda::getCurrentCUDAStream().stream()));
  return true;
}

}  // namespace
#endif

void measure_price_push_out(MeasurePricePushWorkspace& workspace, const at::Tensor& logits, const at::Tensor& cells,
                            const at::Tensor& cell_labels, const std::optional<at::Tensor>& weights,
                            at::Tensor& averages, const at::Tensor& step, const at::Tensor& multipliers,
                            const RateTable& table, double decay, double threshold, double temperature) {
#ifdef EQUIPOISE_CUDA
  if (logits.defined() && logits.is_cuda() &&
      ran_in_one_launch(workspace, logits, cells, cell_labels, weights, averages, step, multipliers, table, decay,
                        threshold, temperature)) {
    return;
  }
#endif
  cell_stats_out(workspace.measured, logits, cells, cell_labels, weights, threshold, temperature);
  price_out(workspace.priced, workspace.measured.sums, averages, step, multipliers, table, decay);
  workspace.row_prices.transpose(0, 1).copy_(workspace.priced.prices);
  push_out(workspace.gradient, logits, cells, cell_labels, workspace.row_prices.select(0, 0),
           workspace.row_prices.select(0, 1), weights, threshold, temperature);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> measure_price_push(const at::Tensor& logits, const at::Tensor& cells,
                                                                  const at::Tensor& cell_labels,
                                                                  const std::optional<at::Tensor>& weights,
                                                                  at::Tensor& averages, at::Tensor& step,
                                                                  const at::Tensor& multipliers, const RateTable& table,
                                                                  double decay, double threshold, double temperature) {
#ifdef EQUIPOISE_CUDA
  if (logits.defined() && logits.is_cuda()) {
    check_rows(kOp, logits, cells, cell_labels, weights, threshold, temperature);
    MeasurePricePushWorkspace workspace = make_measure_price_push_workspace(logits, cell_labels.size(0), table);
    const at::Tensor next = step + 1;  // counted once it is known that all fits
    measure_price_push_out(workspace, logits, cells, cell_labels, weights, averages, next, multipliers, table, decay,
                           threshold, temperature);
    step.copy_(next);
    return {workspace.measured.sums, workspace.priced.prices, workspace.gradient};
  }
#endif
  at::Tensor sums = cell_stats(logits, cells, cell_labels, weights, threshold, temperature);
  at::Tensor prices = price(sums, averages, step, multipliers, table, decay);
  at::Tensor gradient =
      push(logits, cells, cell_labels, prices.select(1, 0), prices.select(1, 1), weights, threshold, temperature);
  return {sums, prices, gradient};
}

}  // namespace equipoise::kernels
