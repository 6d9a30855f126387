// What one row adds to the sums of its cell.
#pragma once

#include "kernels/device/elementary.h"

namespace equipoise::kernels {

// The sign bit of a label: set for y = 1.
EQUIPOISE_HOST_DEVICE std::uint32_t label_sign(std::uint32_t label) {
  return label << 31;
}

// max(z, 0) - y z + log1p(exp(-|z|)), as softplus(z) for y = 0 and softplus(-z) for y = 1: no cancellation.
EQUIPOISE_HOST_DEVICE float row_loss(float logit, std::uint32_t sign) {
  return softplus(bits_to_float(float_to_bits(logit) ^ sign));
}

EQUIPOISE_HOST_DEVICE float row_soft(float logit, float threshold, float inverse_temperature) {
  return sigmoid((logit - threshold) * inverse_temperature);
}

struct RowTerms {
  float loss, soft;
};

// Both. At threshold 0 and temperature 1 (`kPlain`) they share their exponential: the same bits for less work.
template <bool kPlain>
EQUIPOISE_HOST_DEVICE RowTerms row_terms(float logit, std::uint32_t sign, float threshold, float inverse_temperature) {
  if (!kPlain) return {row_loss(logit, sign), row_soft(logit, threshold, inverse_temperature)};
  const float towards = bits_to_float(float_to_bits(logit) ^ sign);
  const float e = exp_nonpositive(-absolute(logit));
  const float r = reciprocal(1.0f + e);
  return {(towards > 0.0f ? towards : 0.0f) + log1p_unit(e), logit < 0.0f ? e * r : r};
}

}  // namespace equipoise::kernels
