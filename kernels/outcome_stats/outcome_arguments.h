// Argument checks of the ops over rows of scores. Seen by <op>.cpp only: it knows torch.
#pragma once

#include "kernels/arguments.h"
#include "kernels/device/stored_cell.h"
#include "kernels/outcome_stats/outcome_math.h"
#include "kernels/outcome_stats/outcome_problem.h"

namespace equipoise::kernels {

// Contiguous tensors, and the problem whose pointers are theirs.
struct OutcomeArguments {
  at::Tensor scores;                  // [K, N, O] f32 | bf16
  at::Tensor targets;                 // [N] f32
  at::Tensor cells;                   // [N] u8 | i16 | i32
  std::optional<at::Tensor> weights;  // [N] f32
  OutcomeProblem problem;
};

// What outcome_stats, outcome_push and outcome_lagrangian have in common.
inline void check_outcome_rows(const char* op, const at::Tensor& scores, const at::Tensor& targets,
                               const at::Tensor& cells, const std::optional<at::Tensor>& weights,
                               const OutcomeRule& rule) {
  TORCH_CHECK(scores.defined(), op, ": scores is an undefined tensor");
  check_supported(op, scores);
  check_float_or_bfloat16(op, "scores", scores);
  TORCH_CHECK(scores.dim() == 3 && scores.sym_size(2).sym_eq(rule.outputs).expect_true(__FILE__, __LINE__), op,
              ": scores has shape ", scores.sym_sizes(), ", expected [K, N, ", rule.outputs, "]");
  check_device(op, "targets", targets, "scores", scores);
  check_type(op, "targets", targets, at::kFloat);
  check_shape(op, "targets", targets, {scores.sym_size(1)});
  check_device(op, "cells", cells, "scores", scores);
  cell_type_of(op, cells);
  check_shape(op, "cells", cells, {scores.sym_size(1)});
  if (weights.has_value()) {
    check_device(op, "weights", *weights, "scores", scores);
    check_type(op, "weights", *weights, at::kFloat);
    check_shape(op, "weights", *weights, {scores.sym_size(1)});
  }
}

inline void check_cell_count(const char* op, std::int64_t cell_count) {
  TORCH_CHECK(cell_count > 0, op, ": cell_count is ", cell_count, ", expected 1 or more");
}

// The two prices of outcome_push and outcome_lagrangian, which say how many cells there are.
inline void check_outcome_prices(const char* op, const at::Tensor& loss_price, const at::Tensor& soft_price,
                                 const at::Tensor& scores, const OutcomeRule& rule) {
  check_device(op, "loss_price", loss_price, "scores", scores);
  check_type(op, "loss_price", loss_price, at::kFloat);
  const bool fits = loss_price.dim() == 2 &&
                    loss_price.sym_size(0).sym_eq(scores.sym_size(0)).expect_true(__FILE__, __LINE__) &&
                    loss_price.sym_size(1).sym_gt(0).expect_true(__FILE__, __LINE__) &&
                    (loss_price.sym_size(1) % rule.outcomes).sym_eq(0).expect_true(__FILE__, __LINE__);
  TORCH_CHECK(fits, op, ": loss_price has shape ", loss_price.sym_sizes(), ", expected [", scores.sym_size(0), ", C * ",
              rule.outcomes, "] with C > 0");
  check_device(op, "soft_price", soft_price, "scores", scores);
  check_type(op, "soft_price", soft_price, at::kFloat);
  check_shape(op, "soft_price", soft_price, loss_price.sym_sizes());
}

// After check_outcome_rows.
inline OutcomeArguments hold_outcome_rows(const char* op, const at::Tensor& scores, const at::Tensor& targets,
                                          const at::Tensor& cells, std::int64_t cell_count,
                                          const std::optional<at::Tensor>& weights, const OutcomeRule& rule) {
  OutcomeArguments arguments;
  arguments.scores = scores.detach().contiguous();
  arguments.targets = targets.detach().contiguous();
  arguments.cells = cells.contiguous();
  if (weights.has_value()) arguments.weights = weights->detach().contiguous();
  OutcomeProblem& problem = arguments.problem;
  problem.scores = arguments.scores.const_data_ptr();
  problem.targets = arguments.targets.const_data_ptr<float>();
  problem.cells = arguments.cells.const_data_ptr();
  if (weights.has_value()) problem.weights = arguments.weights->const_data_ptr<float>();
  problem.members = scores.size(0);
  problem.rows = scores.size(1);
  problem.cell_count = cell_count;
  problem.cell_type = cell_type_of(op, cells);
  problem.bfloat16 = scores.scalar_type() == at::kBFloat16;
  problem.rule = rule;
  return arguments;
}

// `row` is one that the loops could not read, or -1.
inline void check_outcome_row(const char* op, const OutcomeProblem& problem, std::int64_t row) {
  if (row < 0) return;
  const std::int64_t cell = stored_cell(problem.cells, problem.cell_type, row);
  TORCH_CHECK(cell >= 0 && cell < problem.cell_count, op, ": the cell of row ", row, " is outside [0, ",
              problem.cell_count, ")");
  TORCH_CHECK(problem.rule.kind != OutcomeKind::kSoftmax, op, ": the target of row ", row, " is ", problem.targets[row],
              ", expected a class, a whole number in [0, ", problem.rule.outputs, ")");
  TORCH_CHECK(false, op, ": the target of row ", row, " is ", problem.targets[row], ", expected a label, 0 or 1");
}

}  // namespace equipoise::kernels
