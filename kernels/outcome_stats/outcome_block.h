// A block of rows on the CPU, and their columns: the formulas of add_columns, a loop over rows for each, which compilers
// vectorise. For the files that are compiled once per instruction set.
#pragma once

#include "kernels/device/stored_cell.h"
#include "kernels/device/stored_number.h"
#include "kernels/outcome_stats/outcome_columns.h"
#include "kernels/outcome_stats/outcome_problem.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {

constexpr int kOutcomeRows = 32;  // with 64 classes, half of the first-level cache
constexpr int kMostColumns = 2 + kRegressionOutcomes + 2 * kMostExceedances;
static_assert(kMostClasses + 3 <= kMostColumns);

// Rows that are missing in the last block hold what an earlier block left; nothing of them is stored.
struct OutcomeBlock {
  alignas(64) float targets[kOutcomeRows];
  alignas(64) float scores[kOutcomeRows];  // where a row has one score; classes are read into their columns
  alignas(64) float columns[kMostColumns][kOutcomeRows];
  alignas(64) std::int32_t indices[kOutcomeRows];  // -1 for none
};

// Targets and scores of rows [first, first + rows), and their cells. Returns the first row that cannot be
// read, or -1.
template <OutcomeKind kKind, typename Stored>
inline __attribute__((always_inline)) std::int64_t read_block(const OutcomeProblem& problem, std::int64_t member,
                                                              std::int64_t first, int rows, OutcomeBlock& block,
                                                              std::int64_t* cells) {
  for (int i = 0; i < rows; ++i) {
    cells[i] = stored_cell(problem.cells, problem.cell_type, first + i);
    block.targets[i] = problem.targets[first + i];
    if (cells[i] < 0 || cells[i] >= problem.cell_count || !target_fits(problem.rule, block.targets[i]))
      return first + i;
  }
  const std::int32_t outputs = problem.rule.outputs;
  const Stored* stored = static_cast<const Stored*>(problem.scores) + (member * problem.rows + first) * outputs;
  if constexpr (kKind == OutcomeKind::kSoftmax) {
    for (std::int32_t k = 0; k < outputs; ++k) {
      for (int i = 0; i < rows; ++i) block.columns[2 + k][i] = as_float(stored[i * outputs + k]);
    }
  } else {
    for (int i = 0; i < rows; ++i) block.scores[i] = as_float(stored[i]);
  }
  return -1;
}

// columns[2 + k] hold the score of class k.
inline __attribute__((always_inline)) void softmax_columns(const OutcomeRule& rule, OutcomeBlock& block) {
  alignas(64) float highest[kOutcomeRows];
  alignas(64) float target_scores[kOutcomeRows];
  alignas(64) float others[kOutcomeRows];
  for (int i = 0; i < kOutcomeRows; ++i) {
    highest[i] = block.columns[2][i];
    target_scores[i] = block.columns[2 + class_of(block.targets[i], rule.outputs)][i];
    block.indices[i] = 0;
    others[i] = 0.0f;
  }
  for (std::int32_t k = 1; k < rule.outputs; ++k) {
    const float* scores = block.columns[2 + k];
    for (int i = 0; i < kOutcomeRows; ++i) {
      const bool higher = scores[i] > highest[i];
      highest[i] = higher ? scores[i] : highest[i];
      block.indices[i] = higher ? k : block.indices[i];
    }
  }
  for (std::int32_t k = 0; k < rule.outputs; ++k) {
    float* scores = block.columns[2 + k];
    for (int i = 0; i < kOutcomeRows; ++i) {
      const float exponential = relative_exponential(scores[i], highest[i]);
      others[i] += block.indices[i] == k ? 0.0f : exponential;
      scores[i] = exponential;
    }
  }
  for (int i = 0; i < kOutcomeRows; ++i) {
    block.columns[kOutcomeLoss][i] = softmax_loss(target_scores[i], highest[i], others[i]);
    block.columns[2 + rule.outputs][i] = 1.0f;
    block.indices[i] = others[i] == others[i] ? block.indices[i] : -1;
    others[i] = reciprocal(1.0f + others[i]);
  }
  for (std::int32_t k = 0; k < rule.outputs; ++k) {
    for (int i = 0; i < kOutcomeRows; ++i) block.columns[2 + k][i] *= others[i];
  }
}

inline __attribute__((always_inline)) void regression_columns(const OutcomeRule& rule, OutcomeBlock& block) {
  alignas(64) float errors[kOutcomeRows];
  for (int i = 0; i < kOutcomeRows; ++i) {
    errors[i] = standardised_error(rule, block.scores[i], block.targets[i]);
    const float residual = rule.scale * errors[i];
    block.columns[2][i] = rule.shift + rule.scale * block.scores[i];
    block.columns[3][i] = residual;
    block.columns[4][i] = residual * residual;
    block.indices[i] = -1;
  }
  for (int i = 0; i < kOutcomeRows; ++i) block.columns[kOutcomeLoss][i] = regression_loss(rule, errors[i]);
  for (std::int32_t j = 0; j < rule.edge_count; ++j) {
    for (int i = 0; i < kOutcomeRows; ++i) {
      block.columns[5 + 2 * j][i] = sigmoid((block.scores[i] - rule.edges[j]) * rule.inverse_temperature);
      block.columns[6 + 2 * j][i] = block.scores[i] > rule.edges[j] ? 1.0f : 0.0f;
    }
  }
}

inline __attribute__((always_inline)) void calibration_columns(const OutcomeRule& rule, OutcomeBlock& block) {
  for (int i = 0; i < kOutcomeRows; ++i) {
    const float score = block.scores[i];
    block.columns[kOutcomeLoss][i] = row_loss(score, label_sign(block.targets[i] != 0.0f));
    block.columns[2][i] = row_soft(score, rule.threshold, rule.inverse_temperature);
    block.columns[3][i] = score > rule.threshold ? 1.0f : 0.0f;
    block.columns[4][i] = sigmoid(score);
    block.columns[5][i] = 1.0f;
  }
  for (int i = 0; i < kOutcomeRows; ++i) {
    block.indices[i] = score_bin(rule, block.scores[i], block.columns[4][i]);
  }
}

}  // namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL
