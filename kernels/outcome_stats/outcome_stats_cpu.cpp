// Measure of outcomes on the CPU: one strip of rows of one member. Compiled once per instruction set
// (EQUIPOISE_CPU_LEVEL).
#include "kernels/outcome_stats/outcome_block.h"
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

template <OutcomeKind kKind>
void compute_columns(const OutcomeRule& rule, OutcomeBlock& block) {
  if constexpr (kKind == OutcomeKind::kSoftmax) {
    softmax_columns(rule, block);
  } else if constexpr (kKind == OutcomeKind::kRegression) {
    regression_columns(rule, block);
  } else {
    calibration_columns(rule, block);
  }
}

void add_row(const OutcomeColumns& columns, const OutcomeBlock& block, int i, float weight, double* cell) {
  cell[kOutcomeWeight] += weight;
  for (std::int32_t column = 1; column < columns.dense; ++column) cell[column] += weight * block.columns[column][i];
  const std::int32_t index = block.indices[i];
  if (index < 0) return;
  for (std::int32_t j = 0; j < columns.indexed; ++j) {
    cell[columns.dense + j * columns.index_size + index] += weight * block.columns[columns.dense + j][i];
  }
}

template <OutcomeKind kKind, typename Stored>
std::int64_t add_rows(const OutcomeStatsProblem& problem, Range range, std::int64_t member, double* sums) {
  const OutcomeColumns columns = columns_of(problem.rule);
  OutcomeBlock block;
  std::int64_t cells[kOutcomeRows];
  __builtin_memset(&block, 0, sizeof(block));
  for (std::int64_t first = range.begin; first < range.end; first += kOutcomeRows) {
    const int rows = static_cast<int>(range.end - first < kOutcomeRows ? range.end - first : kOutcomeRows);
    const std::int64_t bad = read_block<kKind, Stored>(problem, member, first, rows, block, cells);
    if (bad >= 0) return bad;
    compute_columns<kKind>(problem.rule, block);
    for (int i = 0; i < rows; ++i) {
      add_row(columns, block, i, problem.weights != nullptr ? problem.weights[first + i] : 1.0f,
              sums + cells[i] * columns.cell_size());
    }
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
