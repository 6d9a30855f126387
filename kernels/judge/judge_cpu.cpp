#include "kernels/judge/judge_kernel.h"
#include "kernels/judge/judge_math.h"

namespace equipoise::kernels {
namespace {

// The nearest point of {values >= 0, sum <= radius}: what every positive value gives up is raised until those that stay
// above it add up to the radius (Michelot 1986). The number of those falls at each turn; where it does not, the rest is
// found, or a value lies on the threshold itself and rounding puts it now above and now below.
void project(double* values, std::int64_t count, double radius) {
  double given_up = 0.0;
  for (std::int64_t above_before = -1;;) {
    double sum = 0.0;
    std::int64_t above = 0;
    for (std::int64_t j = 0; j < count; ++j) {
      if (values[j] <= given_up) continue;
      sum += values[j];
      ++above;
    }
    if (above_before < 0 && sum <= radius) return;
    if (above == 0 || (above_before >= 0 && above >= above_before)) break;
    given_up = (sum - radius) / static_cast<double>(above);
    above_before = above;
  }
  for (std::int64_t j = 0; j < count; ++j) values[j] = values[j] > given_up ? values[j] - given_up : 0.0;
}

}  // namespace

void judge_member_cpu(const JudgeProblem& problem, std::int64_t member) {
  const std::int64_t rows = problem.constraint_count;
  const double* sums = problem.sums + member * problem.cell_count * 4;
  double* rates = problem.rates + member * problem.rate_count;
  double* middles = problem.middles + member * problem.band_count;
  for (std::int64_t rate = 0; rate < problem.rate_count; ++rate) rates[rate] = exact_rate(problem, rate, sums);
  for (std::int64_t band = 0; band < problem.band_count; ++band) middles[band] = band_middle(problem, band, rates);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t slot = member * rows + row;
    problem.violations[slot] = violation_of(problem, row, problem.bounds[slot], rates, middles);
    if (problem.moves[member] == 0) continue;
    problem.multipliers[slot] = moved_multiplier(problem, slot, problem.violations[slot], problem.scale[member]);
  }
  if (problem.moves[member] != 0 && problem.rule.radius > 0.0)
    project(problem.multipliers + member * rows, rows, problem.rule.radius);
}

}  // namespace equipoise::kernels
