// Measure of outcomes on the CPU: one strip of rows of one member. Compiled once per instruction set
// (EQUIPOISE_CPU_LEVEL).
#include "kernels/device/stored_cell.h"
#include "kernels/device/stored_number.h"
#include "kernels/outcome_stats/outcome_columns.h"
#include "kernels/outcome_stats/outcome_stats_kernel.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

struct Range {
  std::int64_t begin;
  std::int64_t end;
};

Range strip_range(const OutcomeStatsProblem& problem, std::int64_t strip) {
  const std::int64_t per_strip = (problem.rows + problem.strips - 1) / problem.strips;
  const std::int64_t begin = strip * per_strip < problem.rows ? strip * per_strip : problem.rows;
  return {begin, begin + per_strip < problem.rows ? begin + per_strip : problem.rows};
}

// Adds a row to the [cell_size] sums of its cell.
template <OutcomeKind kKind>
void add_row(const OutcomeRule& rule, const OutcomeColumns& columns, float* scores, float target, float weight,
             double* cell) {
  float indexed[2] = {0.0f, 0.0f};
  const std::int32_t index = add_columns<kKind>(rule, scores, target, [&](std::int32_t column, float value) {
    if (column < columns.dense) {
      cell[column] += weight * value;
    } else {
      indexed[column - columns.dense] = value;
    }
  });
  if (index < 0) return;
  for (std::int32_t i = 0; i < columns.indexed; ++i) {
    cell[columns.dense + i * columns.index_size + index] += weight * indexed[i];
  }
}

template <OutcomeKind kKind, typename Stored>
std::int64_t add_rows(const OutcomeStatsProblem& problem, Range range, std::int64_t member, double* cells) {
  const OutcomeRule rule = problem.rule;
  const OutcomeColumns columns = columns_of(rule);
  const Stored* stored = static_cast<const Stored*>(problem.scores) + member * problem.rows * rule.outputs;
  float scores[kMostClasses];
  for (std::int64_t row = range.begin; row < range.end; ++row) {
    const std::int64_t cell = stored_cell(problem.cells, problem.cell_type, row);
    const float target = problem.targets[row];
    if (cell < 0 || cell >= problem.cell_count || !target_fits(rule, target)) return row;
    for (std::int32_t k = 0; k < rule.outputs; ++k) scores[k] = as_float(stored[row * rule.outputs + k]);
    add_row<kKind>(rule, columns, scores, target, problem.weights != nullptr ? problem.weights[row] : 1.0f,
                   cells + cell * columns.cell_size());
  }
  return -1;
}

template <OutcomeKind kKind>
std::int64_t add_stored_rows(const OutcomeStatsProblem& problem, Range range, std::int64_t member, double* cells) {
  return problem.bfloat16 ? add_rows<kKind, Bfloat16>(problem, range, member, cells)
                          : add_rows<kKind, float>(problem, range, member, cells);
}

void write_table(const OutcomeStatsProblem& problem, const double* cells, double* out) {
  const std::int32_t cell_size = columns_of(problem.rule).cell_size();
  for (std::int64_t cell = 0; cell < problem.cell_count; ++cell) {
    const double* sums = cells + cell * cell_size;
    for (std::int32_t outcome = 0; outcome < problem.rule.outcomes; ++outcome) {
      for (std::int32_t quantity = 0; quantity < 4; ++quantity) {
        *out++ = table_entry(problem.rule, outcome, quantity, [&](std::int32_t place) { return sums[place]; });
      }
    }
  }
}

}  // namespace

void outcome_stats_strip(OutcomeStatsStrip& strip) {
  const OutcomeStatsProblem& problem = *strip.problem;
  const Range range = strip_range(problem, strip.strip);
  const std::size_t size = static_cast<std::size_t>(problem.cell_count) * columns_of(problem.rule).cell_size();
  double* cells = static_cast<double*>(__builtin_calloc(size, sizeof(double)));
  switch (problem.rule.kind) {
    case OutcomeKind::kSoftmax:
      strip.bad_row = add_stored_rows<OutcomeKind::kSoftmax>(problem, range, strip.member, cells);
      break;
    case OutcomeKind::kRegression:
      strip.bad_row = add_stored_rows<OutcomeKind::kRegression>(problem, range, strip.member, cells);
      break;
    case OutcomeKind::kCalibration:
      strip.bad_row = add_stored_rows<OutcomeKind::kCalibration>(problem, range, strip.member, cells);
      break;
  }
  const std::int64_t table_size = problem.cell_count * problem.rule.outcomes * 4;
  write_table(problem, cells, problem.partials + (strip.strip * problem.members + strip.member) * table_size);
  __builtin_free(cells);
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
