// Push through outcomes on the CPU: a range of rows of one member. Compiled once per instruction set
// (EQUIPOISE_CPU_LEVEL).
#include "kernels/device/stored_cell.h"
#include "kernels/device/stored_number.h"
#include "kernels/outcome_push/outcome_push_kernel.h"
#include "kernels/outcome_push/outcome_push_math.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

template <OutcomeKind kKind, typename Stored>
void push_rows(OutcomePushRange& range) {
  const OutcomePushProblem& problem = *range.problem;
  const OutcomeRule rule = problem.rule;
  const std::int64_t table = range.member * problem.cell_count * rule.outcomes;
  const std::int64_t first = range.member * problem.rows * rule.outputs;
  const Stored* stored = static_cast<const Stored*>(problem.scores) + first;
  Stored* gradient = static_cast<Stored*>(problem.gradient) + first;
  float scores[kMostClasses];
  for (std::int64_t row = range.begin; row < range.end; ++row) {
    const std::int64_t cell = stored_cell(problem.cells, problem.cell_type, row);
    const float target = problem.targets[row];
    if (cell < 0 || cell >= problem.cell_count || !target_fits(rule, target)) {
      range.bad_row = row;
      return;
    }
    for (std::int32_t k = 0; k < rule.outputs; ++k) scores[k] = as_float(stored[row * rule.outputs + k]);
    const std::int64_t place = table + cell * rule.outcomes;
    outcome_gradient<kKind>(rule, scores, target, problem.loss_price[place], problem.soft_price + place,
                            problem.weights != nullptr ? problem.weights[row] : 1.0f);
    for (std::int32_t k = 0; k < rule.outputs; ++k) store(gradient + row * rule.outputs + k, scores[k]);
  }
}

template <OutcomeKind kKind>
void push_stored_rows(OutcomePushRange& range) {
  if (range.problem->bfloat16) {
    push_rows<kKind, Bfloat16>(range);
  } else {
    push_rows<kKind, float>(range);
  }
}

}  // namespace

void outcome_push_range(OutcomePushRange& range) {
  range.bad_row = -1;
  switch (range.problem->rule.kind) {
    case OutcomeKind::kSoftmax:
      return push_stored_rows<OutcomeKind::kSoftmax>(range);
    case OutcomeKind::kRegression:
      return push_stored_rows<OutcomeKind::kRegression>(range);
    case OutcomeKind::kCalibration:
      return push_stored_rows<OutcomeKind::kCalibration>(range);
  }
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
