// Push through outcomes on the CPU: a range of rows of one member, a block at a time. Compiled once per instruction set
// (EQUIPOISE_CPU_LEVEL).
#include "kernels/device/stored_cell.h"
#include "kernels/device/stored_number.h"
#include "kernels/outcome_push/outcome_push_kernel.h"
#include "kernels/outcome_stats/outcome_block.h"

namespace equipoise::kernels::EQUIPOISE_CPU_LEVEL {
namespace {

// A block of rows with their prices and, in the end, their gradients.
struct PushBlock {
  OutcomeBlock rows;
  const float* soft_price[kOutcomeRows];  // [M] of each row's cell
  alignas(64) float loss_price[kOutcomeRows];
  alignas(64) float weights[kOutcomeRows];
  alignas(64) float gradients[kMostClasses][kOutcomeRows];
};

// The gradients of softmax_gradient_in_place, a loop over rows for each class.
void softmax_gradients(const OutcomeRule& rule, PushBlock& block) {
  OutcomeBlock& rows = block.rows;
  alignas(64) std::int32_t targets[kOutcomeRows];
  alignas(64) float peak_price[kOutcomeRows];
  alignas(64) float mean[kOutcomeRows] = {};
  for (std::int32_t k = 0; k < rule.outputs; ++k)
    for (int i = 0; i < kOutcomeRows; ++i) mean[i] += zero_where_finite(rows.columns[2 + k][i]);
  softmax_columns(rule, rows);
  alignas(64) float rest[kOutcomeRows] = {};
  for (int i = 0; i < kOutcomeRows; ++i) {
    targets[i] = class_of(rows.targets[i], rule.outputs);
    peak_price[i] = block.soft_price[i][rows.indices[i] < 0 ? 0 : rows.indices[i]];
  }
  for (std::int32_t k = 0; k < rule.outputs; ++k) {
    const float* soft = rows.columns[2 + k];
    float* prices = block.gradients[k];
    for (int i = 0; i < kOutcomeRows; ++i) prices[i] = block.soft_price[i][k];
    for (int i = 0; i < kOutcomeRows; ++i) {
      prices[i] -= peak_price[i];
      mean[i] += prices[i] * soft[i];
      rest[i] += rows.indices[i] == k ? 0.0f : soft[i];
    }
  }
  for (std::int32_t k = 0; k < rule.outputs; ++k) {
    const float* soft = rows.columns[2 + k];
    float* gradients = block.gradients[k];
    for (int i = 0; i < kOutcomeRows; ++i) {
      const float loss_slope = class_loss_slope(soft[i], targets[i] == k, rows.indices[i] == k, rest[i]);
      gradients[i] = block.weights[i] * (block.loss_price[i] * loss_slope + soft[i] * (gradients[i] - mean[i]));
    }
  }
}

void regression_gradients(const OutcomeRule& rule, PushBlock& block) {
  const float* scores = block.rows.scores;
  float* gradients = block.gradients[0];
  alignas(64) float errors[kOutcomeRows];
  alignas(64) float prices[kOutcomeRows];
  alignas(64) float by_score[kOutcomeRows] = {};
  for (std::int32_t j = 0; j < rule.edge_count; ++j) {
    for (int i = 0; i < kOutcomeRows; ++i) prices[i] = block.soft_price[i][kRegressionOutcomes + j];
    for (int i = 0; i < kOutcomeRows; ++i) {
      by_score[i] += prices[i] * sigmoid_slope((scores[i] - rule.edges[j]) * rule.inverse_temperature);
    }
  }
  for (int i = 0; i < kOutcomeRows; ++i) {
    errors[i] = standardised_error(rule, scores[i], block.rows.targets[i]);
    gradients[i] = block.loss_price[i] * regression_loss_slope(rule, errors[i]);
  }
  for (int i = 0; i < kOutcomeRows; ++i) {
    const float* soft_price = block.soft_price[i];
    const float slope = prediction_slope(rule, errors[i], soft_price[0], soft_price[1], soft_price[2]);
    gradients[i] = block.weights[i] *
                   (gradients[i] + slope + rule.inverse_temperature * by_score[i] + zero_where_finite(scores[i]));
  }
}

void calibration_gradients(const OutcomeRule& rule, PushBlock& block) {
  const float* scores = block.rows.scores;
  alignas(64) float on_outcome[kOutcomeRows];
  alignas(64) float on_bin[kOutcomeRows];
  for (int i = 0; i < kOutcomeRows; ++i) on_bin[i] = sigmoid(scores[i]);
  for (int i = 0; i < kOutcomeRows; ++i) {
    const std::int32_t bin = score_bin(rule, scores[i], on_bin[i]);
    on_outcome[i] = block.soft_price[i][0];
    on_bin[i] = bin < 0 ? 0.0f : block.soft_price[i][1 + bin];
  }
  for (int i = 0; i < kOutcomeRows; ++i) {
    block.gradients[0][i] = block.weights[i] * calibration_gradient(rule, scores[i], block.rows.targets[i],
                                                                    block.loss_price[i], on_outcome[i], on_bin[i]);
  }
}

template <OutcomeKind kKind>
void compute_gradients(const OutcomeRule& rule, PushBlock& block) {
  if constexpr (kKind == OutcomeKind::kSoftmax) {
    softmax_gradients(rule, block);
  } else if constexpr (kKind == OutcomeKind::kRegression) {
    regression_gradients(rule, block);
  } else {
    calibration_gradients(rule, block);
  }
}

// Prices and weights of rows [first, first + rows), whose cells are in `cells`.
void price_rows(const OutcomePushProblem& problem, std::int64_t member, std::int64_t first, int rows,
                const std::int64_t* cells, PushBlock& block) {
  for (int i = 0; i < rows; ++i) {
    const std::int64_t place = (member * problem.cell_count + cells[i]) * problem.rule.outcomes;
    block.loss_price[i] = problem.loss_price[place];
    block.soft_price[i] = problem.soft_price + place;
    block.weights[i] = problem.weights != nullptr ? problem.weights[first + i] : 1.0f;
  }
}

template <OutcomeKind kKind, typename Stored>
void push_rows(OutcomePushRange& range) {
  const OutcomePushProblem& problem = *range.problem;
  const std::int32_t outputs = problem.rule.outputs;
  Stored* gradient = static_cast<Stored*>(problem.gradient) + range.member * problem.rows * outputs;
  PushBlock block;
  std::int64_t cells[kOutcomeRows];
  __builtin_memset(&block, 0, sizeof(block));
  for (int i = 0; i < kOutcomeRows; ++i) block.soft_price[i] = problem.soft_price;  // of rows that are missing
  for (std::int64_t first = range.begin; first < range.end; first += kOutcomeRows) {
    const int rows = static_cast<int>(range.end - first < kOutcomeRows ? range.end - first : kOutcomeRows);
    range.bad_row = read_block<kKind, Stored>(problem, range.member, first, rows, block.rows, cells);
    if (range.bad_row >= 0) return;
    price_rows(problem, range.member, first, rows, cells, block);
    compute_gradients<kKind>(problem.rule, block);
    for (int i = 0; i < rows; ++i) {
      for (std::int32_t k = 0; k < outputs; ++k) store(gradient + (first + i) * outputs + k, block.gradients[k][i]);
    }
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
