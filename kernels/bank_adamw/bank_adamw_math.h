// One parameter's step.
#pragma once

#include "kernels/device/host_device.h"

namespace equipoise::kernels {

// What all parameters of a member have in common in one step.
struct AdamWStep {
  float scale;            // of the gradient: below 1 where it is clipped
  float keep;             // 1 - learning_rate * weight_decay
  float size;             // learning_rate / (1 - beta1^steps)
  float root_correction;  // 1 / sqrt(1 - beta2^steps)
  float beta1, rest1;     // rest: 1 - beta
  float beta2, rest2;
  float epsilon;
};

EQUIPOISE_HOST_DEVICE float square_root(float x) {
#ifdef __CUDA_ARCH__
  return __fsqrt_rn(x);
#else
  return __builtin_sqrtf(x);
#endif
}

EQUIPOISE_HOST_DEVICE double square_root(double x) {
#ifdef __CUDA_ARCH__
  return __dsqrt_rn(x);
#else
  return __builtin_sqrt(x);
#endif
}

EQUIPOISE_HOST_DEVICE void adamw(const AdamWStep& step, float gradient, float& parameter, float& mean, float& square) {
  const float scaled = gradient * step.scale;
  mean = step.beta1 * mean + step.rest1 * scaled;
  square = step.beta2 * square + step.rest2 * scaled * scaled;
  parameter = step.keep * parameter - step.size * mean / (square_root(square) * step.root_correction + step.epsilon);
}

}  // namespace equipoise::kernels
