// Whether a number is finite, on the host and in kernels.
#pragma once

#include "kernels/device/host_device.h"

namespace equipoise::kernels {

// NaN and both infinities fail this.
EQUIPOISE_HOST_DEVICE bool is_finite(double x) {
  return x - x == 0.0;
}

}  // namespace equipoise::kernels
