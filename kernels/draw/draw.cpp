#include "kernels/draw/draw.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/arguments.h"
#include "kernels/draw/draw_kernel.h"
#include "kernels/draw/draw_math.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kTaskRows = 4096;

void check_draw(const char* op, const at::Tensor& rows, std::int64_t population) {
  TORCH_CHECK(rows.defined(), op, ": rows is an undefined tensor");
  check_supported(op, rows);
  check_type(op, "rows", rows, at::kLong);
  TORCH_CHECK(rows.dim() == 1 && rows.is_contiguous(), op, ": rows has shape ", rows.sym_sizes(), " and strides ",
              rows.sym_strides(), ", expected [B], contiguous");
  TORCH_CHECK(population >= 1 && population <= (std::int64_t{1} << 62), op, ": population is ", population,
              ", expected a number in [1, 2^62]");
}

DrawProblem hold_draw(at::Tensor& rows, std::int64_t population, std::uint64_t seed) {
  DrawProblem problem;
  problem.rows = rows.mutable_data_ptr<std::int64_t>();
  problem.batch = rows.size(0);
  problem.population = population;
  problem.seed = seed;
  return problem;
}

void check_step(const char* op, std::int64_t step, const at::Tensor&) {
  TORCH_CHECK(step >= 0, op, ": step is ", step, ", expected 0 or more");
}

void check_step(const char* op, const at::Tensor& step, const at::Tensor& rows) {
  check_device(op, "step", step, "rows", rows);
  check_type(op, "step", step, at::kLong);
  check_shape(op, "step", step, {1});
}

void set_step(const char*, DrawProblem& problem, std::int64_t step) {
  problem.step = step;
}

void set_step(const char* op, DrawProblem& problem, const at::Tensor& step) {
  problem.step_pointer = step.const_data_ptr<std::int64_t>();
  if (step.is_cpu()) check_step(op, *problem.step_pointer, step);
}

using RangeFunction = void (*)(const DrawProblem&, std::int64_t, std::int64_t);
using LaunchFunction = int (*)(const DrawProblem&, void*);

#ifdef EQUIPOISE_CUDA
constexpr LaunchFunction kLaunchEpoch = launch_draw_epoch;
constexpr LaunchFunction kLaunchUniform = launch_draw_uniform;
constexpr LaunchFunction kLaunchCells = launch_draw_cells;
#else
constexpr LaunchFunction kLaunchEpoch = nullptr;
constexpr LaunchFunction kLaunchUniform = nullptr;
constexpr LaunchFunction kLaunchCells = nullptr;
#endif

void draw([[maybe_unused]] const char* op, const DrawProblem& problem, const at::Tensor& rows, RangeFunction on_cpu,
          [[maybe_unused]] LaunchFunction on_cuda) {
  if (problem.batch == 0) return;
#ifdef EQUIPOISE_CUDA
  if (rows.is_cuda()) {
    const c10::cuda::CUDAGuard guard(rows.device());
    check_launched(op, on_cuda(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  at::parallel_for(0, problem.batch, kTaskRows,
                   [&](std::int64_t begin, std::int64_t end) { on_cpu(problem, begin, end); });
}

template <typename Step>
void draw_epoch_at(at::Tensor& rows, std::int64_t population, std::uint64_t seed, const Step& step) {
  constexpr const char* kOp = "draw_epoch";
  check_draw(kOp, rows, population);
  TORCH_CHECK(rows.sym_size(0) <= population, kOp, ": rows has ", rows.sym_size(0),
              " slots, expected at most the population, ", population);
  check_step(kOp, step, rows);
  if (rows.is_meta()) return;
  DrawProblem problem = hold_draw(rows, population, seed);
  set_step(kOp, problem, step);
  draw(kOp, problem, rows, draw_epoch_cpu, kLaunchEpoch);
}

template <typename Step>
void draw_uniform_at(at::Tensor& rows, std::int64_t population, std::uint64_t seed, const Step& step) {
  constexpr const char* kOp = "draw_uniform";
  check_draw(kOp, rows, population);
  check_step(kOp, step, rows);
  if (rows.is_meta()) return;
  DrawProblem problem = hold_draw(rows, population, seed);
  set_step(kOp, problem, step);
  draw(kOp, problem, rows, draw_uniform_cpu, kLaunchUniform);
}

void check_cells(const char* op, const CellShares& cells, const at::Tensor& rows) {
  for (const auto& [name, tensor] : {std::pair<const char*, const at::Tensor&>("order", cells.order),
                                     {"offsets", cells.offsets},
                                     {"limits", cells.limits}}) {
    TORCH_CHECK(tensor.defined(), op, ": ", name, " is an undefined tensor");
    check_device(op, name, tensor, "rows", rows);
    check_type(op, name, tensor, at::kLong);
    TORCH_CHECK(tensor.dim() == 1 && tensor.is_contiguous(), op, ": ", name, " has shape ", tensor.sym_sizes(),
                ", expected one dimension, contiguous");
  }
  TORCH_CHECK(cells.limits.size(0) >= 1 && cells.offsets.size(0) == cells.limits.size(0) + 1, op, ": offsets has ",
              cells.offsets.size(0), " numbers and limits ", cells.limits.size(0), ", expected C + 1 and C >= 1");
  if (!rows.is_cpu()) return;
  const std::int64_t *offsets = cells.offsets.const_data_ptr<std::int64_t>(),
                     *limits = cells.limits.const_data_ptr<std::int64_t>();
  const std::int64_t count = cells.limits.size(0);
  for (std::int64_t cell = 0; cell < count; ++cell) {
    const std::int64_t before = cell == 0 ? 0 : limits[cell - 1];
    TORCH_CHECK(limits[cell] >= before, op, ": limits do not ascend at cell ", cell);
    TORCH_CHECK(offsets[cell + 1] >= offsets[cell] && offsets[cell] >= 0 && offsets[cell + 1] <= cells.order.size(0),
                op, ": offsets leave order at cell ", cell);
    TORCH_CHECK(limits[cell] == before || offsets[cell + 1] > offsets[cell], op, ": cell ", cell,
                " has a share and no rows");
  }
  TORCH_CHECK(limits[count - 1] == static_cast<std::int64_t>(kWhole), op, ": limits end at ", limits[count - 1],
              ", expected 2^32");
}

template <typename Step>
void draw_cells_at(at::Tensor& rows, const CellShares& cells, std::uint64_t seed, const Step& step) {
  constexpr const char* kOp = "draw_cells";
  check_draw(kOp, rows, cells.order.defined() ? cells.order.size(0) : 0);
  check_cells(kOp, cells, rows);
  check_step(kOp, step, rows);
  if (rows.is_meta()) return;
  DrawProblem problem = hold_draw(rows, cells.order.size(0), seed);
  problem.order = cells.order.const_data_ptr<std::int64_t>();
  problem.offsets = cells.offsets.const_data_ptr<std::int64_t>();
  problem.limits = cells.limits.const_data_ptr<std::int64_t>();
  problem.cells = cells.limits.size(0);
  set_step(kOp, problem, step);
  draw(kOp, problem, rows, draw_cells_cpu, kLaunchCells);
}

}  // namespace

void draw_cells(at::Tensor& rows, const CellShares& cells, std::uint64_t seed, std::int64_t step) {
  draw_cells_at(rows, cells, seed, step);
}

void draw_cells(at::Tensor& rows, const CellShares& cells, std::uint64_t seed, const at::Tensor& step) {
  draw_cells_at(rows, cells, seed, step);
}

at::Tensor limits_of_shares(const std::vector<double>& shares) {
  constexpr double kRounding = 1e-6;
  at::Tensor limits = at::empty({static_cast<std::int64_t>(shares.size())}, at::kLong);
  std::int64_t* limit = limits.mutable_data_ptr<std::int64_t>();
  double sum = 0;
  std::size_t last = 0;
  for (std::size_t cell = 0; cell < shares.size(); ++cell) {
    TORCH_CHECK(std::isfinite(shares[cell]) && shares[cell] >= 0, "limits_of_shares: the share of cell ", cell, " is ",
                shares[cell], ", expected a number of 0 or more");
    sum += shares[cell];
    limit[cell] = std::min<std::int64_t>(kWhole, std::llround(sum * static_cast<double>(kWhole)));
    if (shares[cell] > 0) last = cell;
  }
  TORCH_CHECK(std::abs(sum - 1) <= kRounding, "limits_of_shares: shares add up to ", sum, ", expected 1");
  for (std::size_t cell = last; cell < shares.size(); ++cell) limit[cell] = static_cast<std::int64_t>(kWhole);
  return limits;
}

void draw_epoch(at::Tensor& rows, std::int64_t population, std::uint64_t seed, std::int64_t step) {
  draw_epoch_at(rows, population, seed, step);
}

void draw_epoch(at::Tensor& rows, std::int64_t population, std::uint64_t seed, const at::Tensor& step) {
  draw_epoch_at(rows, population, seed, step);
}

void draw_uniform(at::Tensor& rows, std::int64_t population, std::uint64_t seed, std::int64_t step) {
  draw_uniform_at(rows, population, seed, step);
}

void draw_uniform(at::Tensor& rows, std::int64_t population, std::uint64_t seed, const at::Tensor& step) {
  draw_uniform_at(rows, population, seed, step);
}

}  // namespace equipoise::kernels
