// Picks the bank_adamw of this machine's instruction set; what a member does before its parameters move.
#include <cmath>

#include "kernels/bank_adamw/bank_adamw_kernel.h"
#include "kernels/device/cpu_level.h"

namespace equipoise::kernels {

double squares_of_block(const BankAdamWProblem& problem, std::int64_t member, std::int64_t block) {
  double result = 0;
  EQUIPOISE_AT_CPU_LEVEL(squares_of_block, problem, member, block, result);
  return result;
}

void adamw_range(const BankAdamWProblem& problem, const AdamWStep& step, std::int64_t member, std::int64_t begin,
                 std::int64_t end) {
  EQUIPOISE_AT_CPU_LEVEL(adamw_range, problem, step, member, begin, end);
}

bool begin_member_step(const BankAdamWProblem& problem, std::int64_t member, double sum_of_squares, AdamWStep& step) {
  if (problem.alive[member] == 0) return false;
  const double norm = std::sqrt(sum_of_squares);
  problem.norms[member] = norm;
  if (!can_step(problem, norm)) {
    problem.alive[member] = 0;
    return false;
  }
  const double steps = static_cast<double>(++problem.steps[member]);
  step = adamw_step(problem, problem.learning_rates[member], norm, 1 - std::pow(problem.beta1, steps),
                    1 - std::pow(problem.beta2, steps));
  return true;
}

}  // namespace equipoise::kernels
