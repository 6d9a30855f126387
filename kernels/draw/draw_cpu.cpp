#include "kernels/draw/draw_kernel.h"
#include "kernels/draw/draw_math.h"

namespace equipoise::kernels {
namespace {

std::int64_t step_of(const DrawProblem& problem) {
  return problem.step_pointer != nullptr ? *problem.step_pointer : problem.step;
}

}  // namespace

void draw_epoch_cpu(const DrawProblem& problem, std::int64_t begin, std::int64_t end) {
  const std::int64_t step = step_of(problem);
  const std::int64_t steps_per_epoch = problem.population / problem.batch;
  const Permutation permutation = make_permutation(problem.population, problem.seed, step / steps_per_epoch);
  const std::int64_t first = step % steps_per_epoch * problem.batch;
  for (std::int64_t slot = begin; slot < end; ++slot) problem.rows[slot] = permuted(permutation, first + slot);
}

void draw_uniform_cpu(const DrawProblem& problem, std::int64_t begin, std::int64_t end) {
  const std::int64_t step = step_of(problem);
  for (std::int64_t slot = begin; slot < end; ++slot) {
    problem.rows[slot] = uniform_row(problem.population, problem.seed, step, slot);
  }
}

void draw_cells_cpu(const DrawProblem& problem, std::int64_t begin, std::int64_t end) {
  const std::int64_t step = step_of(problem);
  const std::uint32_t start = start_of_step(problem.seed, step);
  for (std::int64_t slot = begin; slot < end; ++slot) {
    const std::int64_t cell =
        cell_of_position(problem.limits, problem.cells, position_of_slot(problem.batch, start, slot));
    const std::int64_t first = problem.offsets[cell], rows = problem.offsets[cell + 1] - first;
    problem.rows[slot] =
        problem.order[first + static_cast<std::int64_t>(place_in_cell(rows, problem.seed, step, slot))];
  }
}

}  // namespace equipoise::kernels
