// One component of one encoded feature.
#pragma once

#include "kernels/device/stored_number.h"

namespace equipoise::kernels {

// `component` counts from the feature's offset; kind 0 is a ramp, kind 1 a pick.
EQUIPOISE_HOST_DEVICE float encoded_component(std::int32_t kind, std::int32_t width, std::int32_t code, float value,
                                              std::int32_t component) {
  if (kind == 0 && code == width - 1) return component == code ? 1.0f : 0.0f;
  if (kind == 0 && component < code && component < width - 1) return 1.0f;
  return component == code ? value : 0.0f;
}

}  // namespace equipoise::kernels
