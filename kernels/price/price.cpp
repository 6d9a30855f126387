#include "kernels/price/price.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "kernels/arguments.h"
#include "kernels/price/price_arguments.h"

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

void set_prices(const HeldPrice& held) {
  const PriceProblem& problem = held.problem;
#ifdef EQUIPOISE_CUDA
  if (held.sums.is_cuda()) {
    const c10::cuda::CUDAGuard guard(held.sums.device());
    check_launched(kOp, launch_price(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  check_held_table(kOp, held.table, problem.cell_count);
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

HeldPrice hold_price(PriceWorkspace& workspace, const at::Tensor& sums, at::Tensor& averages, const at::Tensor& step,
                     const at::Tensor& multipliers, const RateTable& table, double decay) {
  check_arguments(sums, averages, step, multipliers, table, decay);
  const std::int64_t members = sums.size(0), cell_count = sums.size(1);
  check_written(kOp, "workspace.prices", workspace.prices, at::kFloat, {members, 2, cell_count}, "sums", sums);
  check_written(kOp, "workspace.scratch", workspace.scratch, at::kDouble, {scratch_size(members, cell_count, table)},
                "sums", sums);
  HeldPrice held{sums.contiguous(), multipliers.contiguous(), hold_table(table), {}};
  PriceProblem& problem = held.problem;
  problem.members = members;
  problem.cell_count = cell_count;
  problem.rate_count = held.table.numerators.rows;
  problem.constraint_count = held.table.constraints.rows;
  problem.sums = held.sums.const_data_ptr<double>();
  problem.averages = averages.mutable_data_ptr<double>();
  problem.step = step.const_data_ptr<std::int64_t>();
  problem.multipliers = held.multipliers.const_data_ptr<double>();
  problem.numerators = held.table.numerators.view();
  problem.denominators = held.table.denominators.view();
  problem.constraints = held.table.constraints.view();
  problem.rate_slopes = workspace.scratch.mutable_data_ptr<double>();
  problem.cell_prices = problem.rate_slopes + problem.members * problem.rate_count * 2;
  problem.prices = workspace.prices.mutable_data_ptr<float>();
  problem.decay = decay;
  return held;
}

void price_out(PriceWorkspace& workspace, const at::Tensor& sums, at::Tensor& averages, const at::Tensor& step,
               const at::Tensor& multipliers, const RateTable& table, double decay) {
  set_prices(hold_price(workspace, sums, averages, step, multipliers, table, decay));
}

at::Tensor price(const at::Tensor& sums, at::Tensor& averages, at::Tensor& step, const at::Tensor& multipliers,
                 const RateTable& table, double decay) {
  check_arguments(sums, averages, step, multipliers, table, decay);
  if (sums.is_meta()) {
    return at::empty_symint({sums.sym_size(0), 2, sums.sym_size(1)}, sums.options().dtype(at::kFloat));
  }
  PriceWorkspace workspace = make_price_workspace(sums.size(0), sums.size(1), table);
  const HeldPrice held = hold_price(workspace, sums, averages, step, multipliers, table, decay);
  if (sums.is_cpu()) check_held_table(kOp, held.table, sums.size(1));  // before the step moves on
  step.add_(1);
  set_prices(held);
  return workspace.prices;
}

}  // namespace equipoise::kernels
