// One component of one encoded feature.
#pragma once

#include <cmath>

#include "kernels/device/stored_number.h"

namespace equipoise::kernels {

// `component` counts from the feature's offset; kind 0 is a ramp, kind 1 a pick.
EQUIPOISE_HOST_DEVICE float encoded_component(std::int32_t kind, std::int32_t width, std::int32_t code, float value,
                                              std::int32_t component) {
  if (kind == 0 && code == width - 1) return component == code ? 1.0f : 0.0f;
  if (kind == 0 && component < code && component < width - 1) return 1.0f;
  return component == code ? value : 0.0f;
}

// One component of a row of which `part` is its own and the rest its partner's; of a part of 1 all.
EQUIPOISE_HOST_DEVICE float mixed_component(float part, float own, float partner) {
  return std::fmaf(part, own, (1.0f - part) * partner);
}

}  // namespace equipoise::kernels
