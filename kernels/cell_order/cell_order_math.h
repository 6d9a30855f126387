// What a cell is sorted by, for both devices.
#pragma once

#include "kernels/device/host_device.h"

namespace equipoise::kernels {

// A cell outside [0, C) sorts after all others.
EQUIPOISE_HOST_DEVICE std::uint32_t sort_key(std::int64_t cell, std::int64_t cell_count) {
  return static_cast<std::uint32_t>(cell >= 0 && cell < cell_count ? cell : cell_count);
}

}  // namespace equipoise::kernels
