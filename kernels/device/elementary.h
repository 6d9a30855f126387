// exp and log1p for the ranges that a logistic loss needs: branch-free, so that compilers vectorise the loops around
// them. On the host: polynomials of our own. exp_nonpositive is within 1.5 ulp of the true value, log1p_unit within 2
// ulp, and sigmoid, softplus within 3 ulp wherever the result is a normal number (tests/kernels/elementary_test.cpp
// measures it). On the device: the special-function units for exp, the same polynomial for log1p.
#pragma once

#include "kernels/device/host_device.h"

namespace equipoise::kernels {

EQUIPOISE_HOST_DEVICE float bits_to_float(std::uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  float value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
#endif
}

EQUIPOISE_HOST_DEVICE std::uint32_t float_to_bits(float value) {
#ifdef __CUDA_ARCH__
  return __float_as_uint(value);
#else
  std::uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  return bits;
#endif
}

EQUIPOISE_HOST_DEVICE float not_a_number() {
  return bits_to_float(0x7fc00000u);
}

// 0, or NaN for a number that is infinite or none. Added to a gradient it makes a score that left the finite numbers seen,
// also where loss and slope are 0 there.
EQUIPOISE_HOST_DEVICE float zero_where_finite(float x) {
  return x - x;
}

// exp(x) for x <= 0. Below log(2^-126) the result is 0; NaN stays NaN.
EQUIPOISE_HOST_DEVICE float exp_nonpositive(float x) {
#ifdef __CUDA_ARCH__
  float result;  // __expf without the scaling by which it keeps results below 2^-126
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x * 1.44269504f));
  return result;
#else
  // 1.5 * 2^23: adding it rounds to an integer, which then sits in the low bits.
  const float kRound = 12582912.0f;
  const float shifted = x * 1.44269504f + kRound;
  const float n = shifted - kRound;
  float r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float q = 0.001381459878757596f;
  q = q * r + 0.008368716575205326f;
  q = q * r + 0.04166838899254799f;
  q = q * r + 0.1666652113199234f;
  q = q * r + 0.4999999403953552f;
  const float mantissa = (r * r) * q + r + 1.0f;
  const float scale = bits_to_float((float_to_bits(shifted) << 23) + 0x3f800000u);
  return x < -87.3365448f ? 0.0f : mantissa * scale;
#endif
}

// log(1 + e) for 0 <= e <= 1.
EQUIPOISE_HOST_DEVICE float log1p_unit(float e) {
  float q = -0.0032440233044326305f;
  q = q * e + 0.019851453602313995f;
  q = q * e + -0.05695951730012894f;
  q = q * e + 0.10603653639554977f;
  q = q * e + -0.15305592119693756f;
  q = q * e + 0.1967593878507614f;
  q = q * e + -0.24954134225845337f;
  q = q * e + 0.3332996368408203f;
  q = q * e + -0.4999990165233612f;
  return e + (e * e) * q;
}

EQUIPOISE_HOST_DEVICE float absolute(float x) {
  return bits_to_float(float_to_bits(x) & 0x7fffffffu);
}

// 1 / x where x is in [1, 2]: the device's approximation is within 1 ulp there and never meets a denormal.
EQUIPOISE_HOST_DEVICE float reciprocal(float x) {
#ifdef __CUDA_ARCH__
  float result;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
#else
  return 1.0f / x;
#endif
}

// log(1 + exp(x)), for any x; +inf gives +inf.
EQUIPOISE_HOST_DEVICE float softplus(float x) {
  const float positive = x > 0.0f ? x : 0.0f;
  return positive + log1p_unit(exp_nonpositive(-absolute(x)));
}

// 1 / (1 + exp(-x)), without cancellation on either side.
EQUIPOISE_HOST_DEVICE float sigmoid(float x) {
  const float e = exp_nonpositive(-absolute(x));
  const float r = reciprocal(1.0f + e);
  return x < 0.0f ? e * r : r;
}

}  // namespace equipoise::kernels
