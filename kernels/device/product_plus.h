// A product and a sum of doubles that no compiler joins into one rounding, so that host and device have the same bits. Files that include
// this are compiled for the host without contraction (kernels/CMakeLists.txt).
#pragma once

#include "kernels/device/host_device.h"

namespace equipoise::kernels {

// a * b, rounded, + c, rounded.
EQUIPOISE_HOST_DEVICE double product_plus(double a, double b, double c) {
#ifdef __CUDA_ARCH__
  return __dadd_rn(__dmul_rn(a, b), c);
#else
  return a * b + c;
#endif
}

}  // namespace equipoise::kernels
