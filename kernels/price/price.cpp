#include "kernels/price/price.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "kernels/arguments.h"
#include "kernels/price/price_kernel.h"
#include "kernels/price/rate_table.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "price";

void check_arguments(const at::Tensor& sums, const at::Tensor& averages, const at::Tensor& step,
                     const at::Tensor& multipliers, const RateTable& table, double decay) {
  TORCH_CHECK(sums.defined(), kOp, ": sums is an undefined tensor");
  check_supported(kOp, sums);
  check_type(kOp, "sums", sums, at::kDouble);
  TORCH_CHECK(sums.dim() == 3 && sums.sym_size(2) == 4, kOp, ": sums has shape ", sums.sym_sizes(),
              ", expected [K, C, 4]");
  check_written(kOp, "averages", averages, at::kDouble, sums.sym_sizes(), "sums", sums);
  check_device(kOp, "step", step, "sums", sums);
  check_type(kOp, "step", step, at::kLong);
  check_shape(kOp, "step", step, {1});
  check_device(kOp, "multipliers", multipliers, "sums", sums);
  check_type(kOp, "multipliers", multipliers, at::kDouble);
  TORCH_CHECK(decay >= 0 && decay < 1, kOp, ": decay is ", decay, ", expected a number in [0, 1)");
  check_table(kOp, table, sums);
  check_shape(kOp, "multipliers", multipliers, {sums.sym_size(0), table.constraint_offsets.sym_size(0) - 1});
}

std::int64_t scratch_size(std::int64_t members, std::int64_t cell_count, const RateTable& table) {
  return members * (table.numerator_offsets.size(0) - 1 + cell_count) * 2;
}

// After check_arguments.
void set_prices(PriceWorkspace& workspace, const at::Tensor& sums, at::Tensor& averages, const at::Tensor& step,
                const at::Tensor& multipliers, const HeldTable& held, double decay) {
  const at::Tensor sums_dense = sums.contiguous();
  const at::Tensor multipliers_dense = multipliers.contiguous();
  PriceProblem problem;
  problem.members = sums.size(0);
  problem.cell_count = sums.size(1);
  problem.rate_count = held.numerators.rows;
  problem.constraint_count = held.constraints.rows;
  problem.sums = sums_dense.const_data_ptr<double>();
  problem.averages = averages.mutable_data_ptr<double>();
  problem.step = step.const_data_ptr<std::int64_t>();
  problem.multipliers = multipliers_dense.const_data_ptr<double>();
  problem.numerators = held.numerators.view();
  problem.denominators = held.denominators.view();
  problem.constraints = held.constraints.view();
  problem.rate_slopes = workspace.scratch.mutable_data_ptr<double>();
  problem.cell_prices = problem.rate_slopes + problem.members * problem.rate_count * 2;
  problem.prices = workspace.prices.mutable_data_ptr<float>();
  problem.decay = decay;
#ifdef EQUIPOISE_CUDA
  if (sums.is_cuda()) {
    const c10::cuda::CUDAGuard guard(sums.device());
    check_launched(kOp, launch_price(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  at::parallel_for(0, problem.members, 1 + 4096 / (1 + problem.cell_count), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t member = begin; member < end; ++member) price_member_cpu(problem, member);
  });
}

}  // namespace

at::Tensor empty_averages(std::int64_t members, std::int64_t cell_count, const at::Device& device) {
  return at::zeros({members, cell_count, 4}, at::TensorOptions().dtype(at::kDouble).device(device));
}

RateTable on_device(const RateTable& table, const at::Device& device) {
  return {table.numerator_offsets.to(device),   table.numerator_index.to(device),   table.numerator_value.to(device),
          table.denominator_offsets.to(device), table.denominator_index.to(device), table.denominator_value.to(device),
          table.constraint_offsets.to(device),  table.constraint_rate.to(device),   table.constraint_value.to(device)};
}

void check_rate_table(const RateTable& table, std::int64_t cell_count) {
  const RateTable host = on_device(table, at::kCPU);
  check_table(kOp, host, host.numerator_offsets);
  check_held_table(kOp, hold_table(host), cell_count);
}

PriceWorkspace make_price_workspace(std::int64_t members, std::int64_t cell_count, const RateTable& table) {
  const auto options = at::TensorOptions().device(table.numerator_offsets.device());
  return {at::empty({members, 2, cell_count}, options.dtype(at::kFloat)),
          at::empty({scratch_size(members, cell_count, table)}, options.dtype(at::kDouble))};
}

void price_out(PriceWorkspace& workspace, const at::Tensor& sums, at::Tensor& averages, const at::Tensor& step,
               const at::Tensor& multipliers, const RateTable& table, double decay) {
  check_arguments(sums, averages, step, multipliers, table, decay);
  const std::int64_t members = sums.size(0), cell_count = sums.size(1);
  check_written(kOp, "workspace.prices", workspace.prices, at::kFloat, {members, 2, cell_count}, "sums", sums);
  check_written(kOp, "workspace.scratch", workspace.scratch, at::kDouble, {scratch_size(members, cell_count, table)},
                "sums", sums);
  const HeldTable held = hold_table(table);
  if (sums.is_cpu()) check_held_table(kOp, held, cell_count);
  set_prices(workspace, sums, averages, step, multipliers, held, decay);
}

at::Tensor price(const at::Tensor& sums, at::Tensor& averages, at::Tensor& step, const at::Tensor& multipliers,
                 const RateTable& table, double decay) {
  check_arguments(sums, averages, step, multipliers, table, decay);
  if (sums.is_meta()) {
    return at::empty_symint({sums.sym_size(0), 2, sums.sym_size(1)}, sums.options().dtype(at::kFloat));
  }
  const HeldTable held = hold_table(table);
  if (sums.is_cpu()) check_held_table(kOp, held, sums.size(1));
  PriceWorkspace workspace = make_price_workspace(sums.size(0), sums.size(1), table);
  step.add_(1);
  set_prices(workspace, sums, averages, step, multipliers, held, decay);
  return workspace.prices;
}

}  // namespace equipoise::kernels
