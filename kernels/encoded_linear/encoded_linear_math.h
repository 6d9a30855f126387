// Which rows of the weight table one encoded row touches, and how much of each. Host only; no torch.
#pragma once

#include "kernels/device/encoding.h"
#include "kernels/device/host_device.h"
#include "kernels/encoded_linear/encoded_linear_kernel.h"

namespace equipoise::kernels {

// One touched row of a table: component `component` of the weight, or of the ramps' running sums.
struct TouchedRow {
  std::int64_t component;
  float coefficient;
  bool ramp_sum;
};

// At most two per feature. ramp with code c and value v: components below c are 1 (their running sum), component c is
// v; the last code is the missing flag, a component of its own. pick: component c is v, a negative code touches
// nothing.
EQUIPOISE_HOST_DEVICE int touched_rows(const EncodedLinearProblem& problem, std::int64_t row, TouchedRow* touched) {
  int count = 0;
  const std::int16_t* codes = problem.codes + row * problem.features;
  const float* values = problem.values + row * problem.features;
  for (std::int64_t feature = 0; feature < problem.features; ++feature) {
    const std::int32_t* layout = problem.layout + feature * 3;
    const std::int32_t code = codes[feature];
    const std::int64_t component = std::int64_t{layout[1]} + code;
    if (layout[0] != kRamp) {
      if (code >= 0) touched[count++] = {component, values[feature], false};
    } else if (code == layout[2] - 1) {
      touched[count++] = {component, 1.0f, false};
    } else {
      if (code > 0) touched[count++] = {component, 1.0f, true};
      touched[count++] = {component, values[feature], false};
    }
  }
  return count;
}

}  // namespace equipoise::kernels
