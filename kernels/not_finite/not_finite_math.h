// Finite or not, from the bits: fast-math flags cannot take this test away.
#pragma once

#include "kernels/device/host_device.h"

namespace equipoise::kernels {

EQUIPOISE_HOST_DEVICE bool is_finite_float(std::uint32_t bits) {
  return (bits & 0x7f800000u) != 0x7f800000u;
}

EQUIPOISE_HOST_DEVICE bool is_finite_bfloat16(std::uint16_t bits) {
  return (bits & 0x7f80u) != 0x7f80u;
}

}  // namespace equipoise::kernels
