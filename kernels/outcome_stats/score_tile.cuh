// Rows of several scores in shared memory: read and written by neighbouring threads, worked on by a thread a row.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/device/row_load.cuh"
#include "kernels/device/stored_number.h"
#include "kernels/outcome_stats/outcome_math.h"
#include "kernels/outcome_stats/outcome_problem.h"

namespace equipoise::kernels {

// Scores of rows [first, first + rows) of a member; row r begins at tile + r * stride. By the whole block.
__device__ __forceinline__ void load_score_tile(const OutcomeProblem& problem, std::int64_t member, std::int64_t first,
                                                int rows, int stride, float* tile) {
  const unsigned outputs = static_cast<unsigned>(problem.rule.outputs);
  const std::int64_t offset = (member * problem.rows + first) * problem.rule.outputs;
  for (unsigned i = threadIdx.x; i < static_cast<unsigned>(rows) * outputs; i += blockDim.x) {
    const unsigned row = i / outputs;
    tile[row * static_cast<unsigned>(stride) + i - row * outputs] =
        stored_logit(problem.scores, problem.bfloat16, offset + i);
  }
}

// A row's place in the sums: its cell, or kBadCell where the cell or the target is none.
__device__ __forceinline__ std::int64_t readable_cell(const OutcomeProblem& problem, std::int64_t row, float target) {
  const std::int64_t cell = stored_cell(problem.cells, problem.cell_type, row);
  return cell >= 0 && cell < problem.cell_count && target_fits(problem.rule, target) ? cell : kBadCell;
}

}  // namespace equipoise::kernels
