// The loss, the outcomes and the gradient of one row, by the kinds of outcome_rule.h.
#pragma once

#include "kernels/cell_stats/cell_stats_math.h"
#include "kernels/outcome_stats/outcome_rule.h"
#include "kernels/push/push_math.h"

namespace equipoise::kernels {

// Which class a target names, or -1.
EQUIPOISE_HOST_DEVICE std::int32_t class_of(float target, std::int32_t classes) {
  const bool inside = target >= 0.0f && target < static_cast<float>(classes);
  const std::int32_t index = inside ? static_cast<std::int32_t>(target) : -1;
  return static_cast<float>(index) == target ? index : -1;
}

// Whether a row with this target can be measured; one of a regression always can.
EQUIPOISE_HOST_DEVICE bool target_fits(const OutcomeRule& rule, float target) {
  if (rule.kind == OutcomeKind::kSoftmax) return class_of(target, rule.outputs) >= 0;
  return rule.kind == OutcomeKind::kRegression || target == 0.0f || target == 1.0f;
}

// log(1 + x) for 0 <= x < 2^20: 1 + x = 2^n (1 + f) with f in [0, 1).
EQUIPOISE_HOST_DEVICE float log1p_above(float x) {
  const std::uint32_t bits = float_to_bits(1.0f + x);
  const std::int32_t n = static_cast<std::int32_t>(bits >> 23) - 127;
  const float f = n == 0 ? x : bits_to_float((bits & 0x7fffffu) | 0x3f800000u) - 1.0f;
  return x != x ? x : static_cast<float>(n) * 0.69314718f + log1p_unit(f);
}

// exp(score - highest), which is 1 for equal scores where both are infinite too.
EQUIPOISE_HOST_DEVICE float relative_exponential(float score, float highest) {
  const float exponential = exp_nonpositive(score - highest);
  return score == highest ? 1.0f : exponential;
}

EQUIPOISE_HOST_DEVICE float softmax_loss(float target_score, float highest, float others) {
  const float below = highest - target_score;
  return (target_score == highest ? 0.0f : below) + log1p_above(others);
}

// A row of classes whose scores have become exponentials exp(z_k - highest score).
struct SoftmaxRow {
  float loss;
  float others;       // sum of all exponentials but that of the peak
  float share;        // 1 / sum of all: softmax_k = share * exponential k; NaN if a score is
  std::int32_t peak;  // argmax, of equal ones the first
};

// scores [classes] become exponentials.
EQUIPOISE_HOST_DEVICE SoftmaxRow softmax_in_place(float* scores, std::int32_t classes, std::int32_t target) {
  SoftmaxRow row{0.0f, 0.0f, 0.0f, 0};
  float highest = scores[0];
  for (std::int32_t k = 1; k < classes; ++k) {
    const bool higher = scores[k] > highest;
    highest = higher ? scores[k] : highest;
    row.peak = higher ? k : row.peak;
  }
  const float target_score = scores[target];
  for (std::int32_t k = 0; k < classes; ++k) {
    const float exponential = relative_exponential(scores[k], highest);
    row.others += k == row.peak ? 0.0f : exponential;
    scores[k] = exponential;
  }
  row.share = reciprocal(1.0f + row.others);
  row.loss = softmax_loss(target_score, highest, row.others);
  return row;
}

// dloss/dz_k where softmax_k = soft. `rest` is the softmax of all classes but the peak: 1 - softmax of the peak would lose
// it to rounding.
EQUIPOISE_HOST_DEVICE float class_loss_slope(float soft, bool is_target, bool is_peak, float rest) {
  const float of_target = is_peak ? -rest : soft - 1.0f;
  return is_target ? of_target : soft;
}

// scores [classes] become weight (loss_price dloss/dz_k + sum over j of soft_price[j] dsoft_j/dz_k).
// Prices are taken relative to that of the peak: where one class has nearly all, nothing cancels.
EQUIPOISE_HOST_DEVICE void softmax_gradient_in_place(float* scores, std::int32_t classes, std::int32_t target,
                                                     float loss_price, const float* soft_price, float weight) {
  float mean = 0.0f;
  for (std::int32_t k = 0; k < classes; ++k) mean += zero_where_finite(scores[k]);
  const SoftmaxRow row = softmax_in_place(scores, classes, target);
  const float peak_price = soft_price[row.peak];
  for (std::int32_t k = 0; k < classes; ++k) mean += (soft_price[k] - peak_price) * (scores[k] * row.share);
  for (std::int32_t k = 0; k < classes; ++k) {
    const float soft = scores[k] * row.share;
    const float loss_slope = class_loss_slope(soft, k == target, k == row.peak, row.others * row.share);
    scores[k] = weight * (loss_price * loss_slope + soft * ((soft_price[k] - peak_price) - mean));
  }
}

EQUIPOISE_HOST_DEVICE float sigmoid_slope(float x) {
  const float e = exp_nonpositive(-absolute(x));
  const float r = reciprocal(1.0f + e);
  return e * r * r;
}

// z - t.
EQUIPOISE_HOST_DEVICE float standardised_error(const OutcomeRule& rule, float score, float target) {
  return score - (target - rule.shift) * rule.inverse_scale;
}

EQUIPOISE_HOST_DEVICE float regression_loss(const OutcomeRule& rule, float error) {
  const float parameter = rule.loss_parameter;
  switch (rule.loss) {
    case RegressionLoss::kHuber: {
      const float size = absolute(error);
      return size <= parameter ? 0.5f * error * error : parameter * (size - 0.5f * parameter);
    }
    case RegressionLoss::kQuantile:
      return error > 0.0f ? (1.0f - parameter) * error : -parameter * error;
    default:
      return error * error;
  }
}

EQUIPOISE_HOST_DEVICE float regression_loss_slope(const OutcomeRule& rule, float error) {
  const float parameter = rule.loss_parameter;
  switch (rule.loss) {
    case RegressionLoss::kHuber:
      return error > parameter ? parameter : (error < -parameter ? -parameter : error);
    case RegressionLoss::kQuantile:
      return error > 0.0f ? 1.0f - parameter : (error < 0.0f ? -parameter : error);
    default:
      return 2.0f * error;
  }
}

// d/dz of the prices on prediction, residual and squared residual.
EQUIPOISE_HOST_DEVICE float prediction_slope(const OutcomeRule& rule, float error, float on_prediction,
                                             float on_residual, float on_square) {
  return rule.scale * (on_prediction + on_residual + 2.0f * rule.scale * error * on_square);
}

EQUIPOISE_HOST_DEVICE float regression_gradient(const OutcomeRule& rule, float score, float target, float loss_price,
                                                const float* soft_price) {
  const float error = standardised_error(rule, score, target);
  float by_score = 0.0f;
  for (std::int32_t j = 0; j < rule.edge_count; ++j) {
    const float slope = sigmoid_slope((score - rule.edges[j]) * rule.inverse_temperature);
    by_score += soft_price[kRegressionOutcomes + j] * slope;
  }
  return loss_price * regression_loss_slope(rule, error) +
         prediction_slope(rule, error, soft_price[0], soft_price[1], soft_price[2]) +
         rule.inverse_temperature * by_score + zero_where_finite(score);
}

// The bin of sigmoid(score) = probability, or -1 for NaN. The product is off by one bin at most; the edges decide.
EQUIPOISE_HOST_DEVICE std::int32_t score_bin(const OutcomeRule& rule, float score, float probability) {
  if (score != score) return -1;
  const std::int32_t last = rule.edge_count;
  std::int32_t bin = static_cast<std::int32_t>(probability * static_cast<float>(last + 1));
  bin = bin < last ? bin : last;
  if (bin > 0 && score < rule.edges[bin - 1]) return bin - 1;
  return bin < last && score >= rule.edges[bin] ? bin + 1 : bin;
}

// `on_bin` is the price on the mass of the row's bin.
EQUIPOISE_HOST_DEVICE float calibration_gradient(const OutcomeRule& rule, float score, float target, float loss_price,
                                                 float on_outcome, float on_bin) {
  const bool positive = target != 0.0f;
  return row_gradient(score, label_sign(positive), positive ? -loss_price : loss_price,
                      on_outcome * rule.inverse_temperature, rule.threshold, rule.inverse_temperature) +
         on_bin * sigmoid_slope(score);
}

}  // namespace equipoise::kernels
