#include "kernels/draw/draw.h"

#include <ATen/Parallel.h>

#include "kernels/arguments.h"
#include "kernels/draw/draw_kernel.h"

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
#else
constexpr LaunchFunction kLaunchEpoch = nullptr;
constexpr LaunchFunction kLaunchUniform = nullptr;
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

}  // namespace

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
