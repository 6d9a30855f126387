// By which of a cell's recipes a row or a picture is made.
#pragma once

#include "kernels/device/host_device.h"

namespace equipoise::kernels {

// The first of `recipes` whose limit, in 2^-32, is above the random word; -1: none.
EQUIPOISE_HOST_DEVICE std::int32_t recipe_at(const std::int64_t* limits, std::int64_t recipes, std::uint32_t word) {
  for (std::int64_t r = 0; r < recipes; ++r)
    if (static_cast<std::int64_t>(word) < limits[r]) return static_cast<std::int32_t>(r);
  return -1;
}

}  // namespace equipoise::kernels
