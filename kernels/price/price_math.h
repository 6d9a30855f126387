// A running average, and a ratio's derivative.
#pragma once

#include "kernels/device/finite.h"
#include "kernels/device/host_device.h"

namespace equipoise::kernels {

EQUIPOISE_HOST_DEVICE double moved_average(double average, double batch, double decay) {
  return is_finite(batch) ? decay * average + (1.0 - decay) * batch : average;
}

// d(N / D) = by_numerator dN + by_denominator dD. A ratio without a value has derivative 0.
struct RatioSlope {
  double by_numerator;
  double by_denominator;
};

EQUIPOISE_HOST_DEVICE RatioSlope ratio_slope(double numerator, double denominator) {
  const double inverse = 1.0 / denominator;
  const double ratio = numerator * inverse;
  if (!is_finite(inverse) || !is_finite(ratio) || !is_finite(ratio * inverse)) return {0.0, 0.0};
  return {inverse, -ratio * inverse};
}

}  // namespace equipoise::kernels
