#include "kernels/judge/judge.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "kernels/arguments.h"
#include "kernels/device/finite.h"
#include "kernels/price/rate_table.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "judge";

void check_argument(const char* name, const at::Tensor& tensor, at::ScalarType type, c10::SymIntArrayRef shape,
                    const at::Tensor& sums) {
  check_device(kOp, name, tensor, "sums", sums);
  check_type(kOp, name, tensor, type);
  check_shape(kOp, name, tensor, shape);
}

void check_bands(const BandTable& bands, const c10::SymInt& constraints, const at::Tensor& sums) {
  TORCH_CHECK(bands.offsets.defined() && bands.offsets.dim() == 1 && bands.offsets.sym_size(0) > 0, kOp,
              ": band_offsets must have shape [bands + 1]");
  TORCH_CHECK(bands.rate.defined() && bands.rate.dim() == 1, kOp, ": band_rate must have one dimension");
  check_argument("band_offsets", bands.offsets, at::kInt, bands.offsets.sym_sizes(), sums);
  check_argument("band_rate", bands.rate, at::kInt, bands.rate.sym_sizes(), sums);
  check_argument("row_band", bands.row_band, at::kInt, {constraints}, sums);
  check_argument("row_band_coefficient", bands.row_coefficient, at::kDouble, {constraints}, sums);
}

void check_rule(const MultiplierRule& rule) {
  TORCH_CHECK(rule.nu >= 0 && rule.nu < 1, kOp, ": nu is ", rule.nu, ", expected 0 to below 1");
  TORCH_CHECK(is_finite(rule.proportional_gain), kOp, ": proportional_gain is ", rule.proportional_gain,
              ", expected a finite number");
  TORCH_CHECK(is_finite(rule.integral_gain), kOp, ": integral_gain is ", rule.integral_gain,
              ", expected a finite number");
  TORCH_CHECK(rule.radius >= 0 && is_finite(rule.radius), kOp, ": radius is ", rule.radius,
              ", expected a finite number from 0");
}

void check_arguments(const at::Tensor& sums, const RateTable& table, const BandTable& bands, const at::Tensor& bounds,
                     const at::Tensor& scale, const at::Tensor& moves, const MultiplierState& state,
                     const MultiplierRule& rule) {
  TORCH_CHECK(sums.defined(), kOp, ": sums is an undefined tensor");
  check_supported(kOp, sums);
  check_type(kOp, "sums", sums, at::kDouble);
  TORCH_CHECK(sums.dim() == 3 && sums.sym_size(2) == 4, kOp, ": sums has shape ", sums.sym_sizes(),
              ", expected [K, C, 4]");
  check_table(kOp, table, sums);
  const c10::SymInt members = sums.sym_size(0), constraints = table.constraint_offsets.sym_size(0) - 1;
  check_bands(bands, constraints, sums);
  check_argument("bounds", bounds, at::kDouble, {members, constraints}, sums);
  check_argument("scale", scale, at::kDouble, {members}, sums);
  check_argument("moves", moves, at::kByte, {members}, sums);
  check_written(kOp, "multipliers", state.values, at::kDouble, {members, constraints}, "sums", sums);
  check_written(kOp, "smoothed", state.smoothed, at::kDouble, {members, constraints}, "sums", sums);
  check_written(kOp, "started", state.started, at::kByte, {members, constraints}, "sums", sums);
  check_rule(rule);
}

// The host may look at the indices here; on CUDA the kernel passes over those that are outside.
void check_indices(const HeldTable& table, const BandTable& bands, std::int64_t cell_count) {
  check_held_table(kOp, table, cell_count);
  check_lists_inside(kOp, "band", bands.offsets, bands.rate, table.numerators.rows);
  const std::int32_t* row_band = bands.row_band.const_data_ptr<std::int32_t>();
  for (std::int64_t row = 0; row < table.constraints.rows; ++row) {
    TORCH_CHECK(row_band[row] >= -1 && row_band[row] < bands.offsets.size(0) - 1, kOp, ": row_band[", row, "] is ",
                row_band[row], ", expected -1 or a band in [0, ", bands.offsets.size(0) - 1, ")");
  }
}

void run(const JudgeProblem& problem, const at::Tensor& sums) {
#ifdef EQUIPOISE_CUDA
  if (sums.is_cuda()) {
    const c10::cuda::CUDAGuard guard(sums.device());
    check_launched(kOp, launch_judge(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  at::parallel_for(0, problem.members, 1 + 4096 / (1 + problem.cell_count), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t member = begin; member < end; ++member) judge_member_cpu(problem, member);
  });
}

}  // namespace

BandTable on_device(const BandTable& bands, const at::Device& device) {
  return {bands.offsets.to(device), bands.rate.to(device), bands.row_band.to(device), bands.row_coefficient.to(device)};
}

MultiplierState zero_multiplier_state(std::int64_t members, std::int64_t constraints, const at::Device& device) {
  const auto options = at::TensorOptions().device(device);
  return {at::zeros({members, constraints}, options.dtype(at::kDouble)),
          at::zeros({members, constraints}, options.dtype(at::kDouble)),
          at::zeros({members, constraints}, options.dtype(at::kByte))};
}

std::pair<at::Tensor, at::Tensor> judge(const at::Tensor& sums, const RateTable& table, const BandTable& bands,
                                        const at::Tensor& bounds, const at::Tensor& scale, const at::Tensor& moves,
                                        MultiplierState& state, const MultiplierRule& rule) {
  check_arguments(sums, table, bands, bounds, scale, moves, state, rule);
  const c10::SymInt rates_in = table.numerator_offsets.sym_size(0) - 1;
  at::Tensor rates = at::empty_symint({sums.sym_size(0), rates_in}, sums.options());
  at::Tensor violations =
      at::empty_symint({sums.sym_size(0), table.constraint_offsets.sym_size(0) - 1}, sums.options());
  if (sums.is_meta()) return {rates, violations};

  const HeldTable held = hold_table(table);
  const BandTable dense{bands.offsets.contiguous(), bands.rate.contiguous(), bands.row_band.contiguous(),
                        bands.row_coefficient.contiguous()};
  if (sums.is_cpu()) check_indices(held, dense, sums.size(1));
  const at::Tensor sums_dense = sums.contiguous(), bounds_dense = bounds.contiguous();
  const at::Tensor scale_dense = scale.contiguous(), moves_dense = moves.contiguous();
  JudgeProblem problem;
  problem.members = sums.size(0);
  problem.cell_count = sums.size(1);
  problem.rate_count = held.numerators.rows;
  problem.band_count = dense.offsets.size(0) - 1;
  problem.constraint_count = held.constraints.rows;
  const at::Tensor middles = at::empty({problem.members, problem.band_count}, sums.options());
  problem.sums = sums_dense.const_data_ptr<double>();
  problem.numerators = held.numerators.view();
  problem.denominators = held.denominators.view();
  problem.constraints = held.constraints.view();
  problem.band_offsets = dense.offsets.const_data_ptr<std::int32_t>();
  problem.band_rate = dense.rate.const_data_ptr<std::int32_t>();
  problem.row_band = dense.row_band.const_data_ptr<std::int32_t>();
  problem.row_band_coefficient = dense.row_coefficient.const_data_ptr<double>();
  problem.bounds = bounds_dense.const_data_ptr<double>();
  problem.scale = scale_dense.const_data_ptr<double>();
  problem.moves = moves_dense.const_data_ptr<std::uint8_t>();
  problem.multipliers = state.values.mutable_data_ptr<double>();
  problem.smoothed = state.smoothed.mutable_data_ptr<double>();
  problem.started = state.started.mutable_data_ptr<std::uint8_t>();
  problem.rates = rates.mutable_data_ptr<double>();
  problem.middles = middles.mutable_data_ptr<double>();
  problem.violations = violations.mutable_data_ptr<double>();
  problem.rule = rule;
  run(problem, sums);
  return {rates, violations};
}

}  // namespace equipoise::kernels
