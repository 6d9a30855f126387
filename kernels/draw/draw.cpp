#include "kernels/draw/draw.h"

#include <ATen/Parallel.h>

#include "kernels/arguments.h"
#include "kernels/draw/draw_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kTaskRows = 4096;

DrawProblem check_draw(const char* op, at::Tensor& rows, std::int64_t population, std::uint64_t seed) {
  TORCH_CHECK(rows.defined(), op, ": rows is an undefined tensor");
  check_supported(op, rows);
  check_type(op, "rows", rows, at::kLong);
  TORCH_CHECK(rows.dim() == 1 && rows.is_contiguous(), op, ": rows has shape ", rows.sizes(), " and strides ",
              rows.strides(), ", expected [B], contiguous");
  TORCH_CHECK(population >= 1 && population <= (std::int64_t{1} << 62), op, ": population is ", population,
              ", expected a number in [1, 2^62]");
  DrawProblem problem;
  problem.rows = rows.mutable_data_ptr<std::int64_t>();
  problem.batch = rows.size(0);
  problem.population = population;
  problem.seed = seed;
  return problem;
}

void set_step(const char* op, DrawProblem& problem, std::int64_t step) {
  TORCH_CHECK(step >= 0, op, ": step is ", step, ", expected 0 or more");
  problem.step = step;
}

void set_step(const char* op, DrawProblem& problem, const at::Tensor& step, const at::Tensor& rows) {
  check_device(op, "step", step, "rows", rows);
  check_type(op, "step", step, at::kLong);
  check_shape(op, "step", step, {1});
  problem.step_pointer = step.const_data_ptr<std::int64_t>();
  if (rows.is_cpu()) {
    TORCH_CHECK(*problem.step_pointer >= 0, op, ": step is ", *problem.step_pointer, ", expected 0 or more");
  }
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

DrawProblem check_epoch(at::Tensor& rows, std::int64_t population, std::uint64_t seed) {
  const DrawProblem problem = check_draw("draw_epoch", rows, population, seed);
  TORCH_CHECK(problem.batch <= population, "draw_epoch: rows has ", problem.batch,
              " slots, expected at most the population, ", population);
  return problem;
}

}  // namespace

void draw_epoch(at::Tensor& rows, std::int64_t population, std::uint64_t seed, std::int64_t step) {
  DrawProblem problem = check_epoch(rows, population, seed);
  set_step("draw_epoch", problem, step);
  draw("draw_epoch", problem, rows, draw_epoch_cpu, kLaunchEpoch);
}

void draw_epoch(at::Tensor& rows, std::int64_t population, std::uint64_t seed, const at::Tensor& step) {
  DrawProblem problem = check_epoch(rows, population, seed);
  set_step("draw_epoch", problem, step, rows);
  draw("draw_epoch", problem, rows, draw_epoch_cpu, kLaunchEpoch);
}

void draw_uniform(at::Tensor& rows, std::int64_t population, std::uint64_t seed, std::int64_t step) {
  DrawProblem problem = check_draw("draw_uniform", rows, population, seed);
  set_step("draw_uniform", problem, step);
  draw("draw_uniform", problem, rows, draw_uniform_cpu, kLaunchUniform);
}

void draw_uniform(at::Tensor& rows, std::int64_t population, std::uint64_t seed, const at::Tensor& step) {
  DrawProblem problem = check_draw("draw_uniform", rows, population, seed);
  set_step("draw_uniform", problem, step, rows);
  draw("draw_uniform", problem, rows, draw_uniform_cpu, kLaunchUniform);
}

}  // namespace equipoise::kernels
