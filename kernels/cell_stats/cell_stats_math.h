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

}  // namespace equipoise::kernels
