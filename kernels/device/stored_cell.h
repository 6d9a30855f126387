// A cell or group id as it is stored, on either device.
#pragma once

#include "kernels/device/cell_type.h"
#include "kernels/device/host_device.h"

namespace equipoise::kernels {

EQUIPOISE_HOST_DEVICE std::int64_t stored_cell(const void* cells, CellType type, std::int64_t row) {
  switch (type) {
    case CellType::kU8:
      return static_cast<const std::uint8_t*>(cells)[row];
    case CellType::kI16:
      return static_cast<const std::int16_t*>(cells)[row];
    default:
      return static_cast<const std::int32_t*>(cells)[row];
  }
}

}  // namespace equipoise::kernels
