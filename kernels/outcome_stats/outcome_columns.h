// The numbers that a row adds to its cell, each once. What the table of sums repeats (an outcome whose soft and hard
// values are one) or leaves at 0 (the classes that were not predicted, the bins that were not met) is put in at the end.
#pragma once

#include "kernels/outcome_stats/outcome_math.h"

namespace equipoise::kernels {

// Columns of the table of sums; those of CellQuantity.
enum OutcomeQuantity : std::int32_t { kOutcomeWeight = 0, kOutcomeLoss = 1, kOutcomeSoft = 2, kOutcomeHard = 3 };

// A row has `dense` numbers, and `indexed` more that go to the place of its index among `index_size`:
//   softmax      weight, loss, soft by class;                                          by argmax: 1
//   regression   weight, loss, prediction, residual, squared residual, soft and hard by threshold
//   calibration  weight, loss, soft, hard;                                             by bin: probability, 1
struct OutcomeColumns {
  std::int32_t dense;
  std::int32_t indexed;
  std::int32_t index_size;

  EQUIPOISE_HOST_DEVICE std::int32_t count() const { return dense + indexed; }
  EQUIPOISE_HOST_DEVICE std::int32_t cell_size() const { return dense + indexed * index_size; }
};

EQUIPOISE_HOST_DEVICE OutcomeColumns columns_of(const OutcomeRule& rule) {
  switch (rule.kind) {
    case OutcomeKind::kSoftmax:
      return {2 + rule.outputs, 1, rule.outputs};
    case OutcomeKind::kRegression:
      return {2 + kRegressionOutcomes + 2 * rule.edge_count, 0, 1};
    default:
      return {4, 2, rule.edge_count + 1};
  }
}

// Calls add(column, number) for each column of a row, and returns its index, -1 for none. `scores` [O] may be overwritten.
template <OutcomeKind kKind, typename Add>
EQUIPOISE_HOST_DEVICE std::int32_t add_columns(const OutcomeRule& rule, float* scores, float target, Add&& add) {
  add(kOutcomeWeight, 1.0f);
  if constexpr (kKind == OutcomeKind::kSoftmax) {
    const SoftmaxRow row = softmax_in_place(scores, rule.outputs, class_of(target, rule.outputs));
    add(kOutcomeLoss, row.loss);
    for (std::int32_t k = 0; k < rule.outputs; ++k) add(2 + k, scores[k] * row.share);
    add(2 + rule.outputs, 1.0f);
    return row.share == row.share ? row.peak : -1;
  } else if constexpr (kKind == OutcomeKind::kRegression) {
    const float score = scores[0];
    const float error = standardised_error(rule, score, target);
    const float residual = rule.scale * error;
    add(kOutcomeLoss, regression_loss(rule, error));
    add(2, rule.shift + rule.scale * score);
    add(3, residual);
    add(4, residual * residual);
    for (std::int32_t j = 0; j < rule.edge_count; ++j) {
      add(5 + 2 * j, sigmoid((score - rule.edges[j]) * rule.inverse_temperature));
      add(6 + 2 * j, score > rule.edges[j] ? 1.0f : 0.0f);
    }
    return -1;
  } else {
    const float score = scores[0];
    const float probability = sigmoid(score);
    add(kOutcomeLoss, row_loss(score, label_sign(target != 0.0f)));
    add(2, row_soft(score, rule.threshold, rule.inverse_temperature));
    add(3, score > rule.threshold ? 1.0f : 0.0f);
    add(4, probability);
    add(5, 1.0f);
    return score_bin(rule, score, probability);
  }
}

// One entry of the table, sums(place) being a cell's [cell_size] numbers.
template <typename Sums>
EQUIPOISE_HOST_DEVICE double table_entry(const OutcomeRule& rule, std::int32_t outcome, std::int32_t quantity,
                                         Sums&& sums) {
  if (quantity == kOutcomeWeight || quantity == kOutcomeLoss) return outcome == 0 ? sums(quantity) : 0.0;
  const bool hard = quantity == kOutcomeHard;
  switch (rule.kind) {
    case OutcomeKind::kSoftmax:
      return sums(2 + (hard ? rule.outputs : 0) + outcome);
    case OutcomeKind::kRegression:
      if (outcome < kRegressionOutcomes) return sums(2 + outcome);
      return sums(5 + 2 * (outcome - kRegressionOutcomes) + (hard ? 1 : 0));
    default: {
      if (outcome == 0) return sums(quantity);
      // A NaN score is in no bin, and shows in the soft sum of outcome 0.
      const double any_soft = sums(2);
      return sums(3 + outcome) + (hard ? 0.0 : any_soft - any_soft);
    }
  }
}

}  // namespace equipoise::kernels
