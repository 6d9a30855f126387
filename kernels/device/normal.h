// Normal numbers and their distribution, the same bits on host and device: nothing but sums, products, quotients and square roots,
// each rounded once to a double. No library function, of which every machine has its own, and no product that is joined to a sum
// (product_plus.h).
#pragma once

#include <cmath>

#include "kernels/device/product_plus.h"

namespace equipoise::kernels {

EQUIPOISE_HOST_DEVICE std::uint64_t double_to_bits(double value) {
#ifdef __CUDA_ARCH__
  return static_cast<std::uint64_t>(__double_as_longlong(value));
#else
  std::uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  return bits;
#endif
}

EQUIPOISE_HOST_DEVICE double bits_to_double(std::uint64_t bits) {
#ifdef __CUDA_ARCH__
  return __longlong_as_double(static_cast<long long>(bits));
#else
  double value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
#endif
}

// A polynomial by Horner's scheme, from the coefficient of the highest power down.
template <typename... Coefficients>
EQUIPOISE_HOST_DEVICE double polynomial(double x, double highest, Coefficients... others) {
  double sum = highest;
  ((sum = product_plus(sum, x, others)), ...);
  return sum;
}

// log(x) of a normal number above 0, within 2e-14 of itself or of 1: by 2 artanh((m - 1) / (m + 1)), m from .71 to 1.42.
EQUIPOISE_HOST_DEVICE double exact_log(double x) {
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52) - 1;
  const std::uint64_t bits = double_to_bits(x);
  auto exponent = static_cast<std::int32_t>(bits >> 52) - 1023;
  double mantissa = bits_to_double((bits & kMantissa) | std::uint64_t{1023} << 52);
  if (mantissa > 1.4142135623730951) {
    mantissa = mantissa * 0.5;
    ++exponent;
  }
  const double t = (mantissa - 1) / (mantissa + 1), s = t * t;
  const double sum = polynomial(s, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0);
  return product_plus(static_cast<double>(exponent), 0.6931471805599453, 2 * t * sum);
}

// cos(2 pi word / 2^32), within 1e-15: Taylor's polynomial in the quarter of the circle that the word is brought to.
EQUIPOISE_HOST_DEVICE double exact_cosine_of_turn(std::uint32_t word) {
  constexpr std::uint32_t kHalf = 0x80000000u, kQuarter = 0x40000000u;
  const std::uint32_t half = word > kHalf ? 0u - word : word;
  const bool is_negative = half > kQuarter;
  const double angle = static_cast<double>(is_negative ? kHalf - half : half) * (6.283185307179586 * 0x1p-32);
  const double s = angle * angle;
  const double sum =
      polynomial(s, 1.0 / 2432902008176640000.0,  // 20!
                 -1.0 / 6402373705728000.0, 1.0 / 20922789888000.0, -1.0 / 87178291200.0, 1.0 / 479001600.0,
                 -1.0 / 3628800.0, 1.0 / 40320.0, -1.0 / 720.0, 1.0 / 24.0, -0.5, 1.0);
  return is_negative ? -sum : sum;
}

// exp(-x) for x from 0, up to 40 within 2e-14 of itself, up to 700 within 1e-13.
EQUIPOISE_HOST_DEVICE double exact_exp_of_minus(double x) {
  const double halvings = std::floor(product_plus(x, 1.4426950408889634, 0.5));
  const double r = product_plus(halvings, 0.6931471805599453, -x);  // -.35 to .35
  const double sum = polynomial(r, 1.0 / 39916800.0,                // 11!
                                1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0,
                                1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0);
  return sum * bits_to_double((1023 - static_cast<std::uint64_t>(halvings)) << 52);
}

// A standard normal number of two random words (Box and Muller 1958).
EQUIPOISE_HOST_DEVICE double normal_of_words(std::uint32_t first, std::uint32_t second) {
  const double part = (static_cast<double>(first) + 0.5) * 0x1p-32;
  return std::sqrt(-2 * exact_log(part)) * exact_cosine_of_turn(second);
}

// How likely a standard normal number is below x, within 2e-13. The tail above |x| is exp(-x^2 / 2) times a polynomial in 1 / (1 + .3 |x|),
// fitted by us up to 7; beyond 7 the answer is 0 or 1 (the truth: within 1.3e-12 of it).
EQUIPOISE_HOST_DEVICE double normal_below(double x) {
  const double size = x < 0 ? -x : x;
  if (!(size < 7)) return x < 0 ? 0 : 1;
  const double u = product_plus(1 / product_plus(0.3, size, 1.0), 2.9523809523809526, -1.9523809523809523);
  const double tail =
      polynomial(u, -6.083116710203332e-09, -2.710042250368441e-09, 1.1577814043045085e-07, -1.701179795386356e-07,
                 -1.500627458963589e-06, 5.5442156351168985e-06, 1.971378585172561e-05, -0.0001249192609957198,
                 -0.0004524829375057382, 0.0025124116295537928, 0.02328276891235156, 0.08707986266676876,
                 0.1992046499514475, 0.18847401479717324);
  const double factor = exact_exp_of_minus(size * size * 0.5);
  return x < 0 ? tail * factor : product_plus(-tail, factor, 1.0);
}

}  // namespace equipoise::kernels
