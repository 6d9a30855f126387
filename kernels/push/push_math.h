// The gradient of one row's share of the Lagrangian.
#pragma once

#include "kernels/device/elementary.h"

namespace equipoise::kernels {

// signed_loss_price is -loss_price where y = 1: sigmoid(z) - y = -sigmoid(-z) there, without cancellation.
// slope_price is soft_price / temperature.
EQUIPOISE_HOST_DEVICE float row_gradient(float logit, std::uint32_t sign, float signed_loss_price, float slope_price,
                                         float threshold, float inverse_temperature) {
  const float flipped = bits_to_float(float_to_bits(logit) ^ sign);
  const float scaled = (logit - threshold) * inverse_temperature;
  const float loss_e = exp_nonpositive(-absolute(flipped));
  const float soft_e = exp_nonpositive(-absolute(scaled));
  const float loss_r = reciprocal(1.0f + loss_e);
  const float soft_r = reciprocal(1.0f + soft_e);
  const float slope = flipped < 0.0f ? loss_e * loss_r : loss_r;
  return signed_loss_price * slope + slope_price * (soft_e * soft_r * soft_r) + zero_where_finite(logit);
}

}  // namespace equipoise::kernels
