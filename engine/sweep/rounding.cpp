#include "engine/sweep/rounding.h"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace equipoise::sweep {

double rounded(double value, int digits) {
  return std::strtod(fmt::format("{:.{}g}", value, digits).c_str(), nullptr);
}

double by_steps(double from, double step, double count) {
  constexpr int kDigits = 12;
  constexpr double kNothing = 1e-9;  // of a step; what steps leave of zero is below 1e-10 for all that a range may have
  const double number = from + count * step;
  return std::abs(number) < kNothing * std::abs(step) ? 0 : rounded(number, kDigits);
}

double spaced(double low, double high, long count, long index, bool is_log) {
  if (index == 0) return low;
  if (index == count - 1) return high;
  if (is_log) {
    const double share = static_cast<double>(index) / static_cast<double>(count - 1);
    return rounded(std::exp(std::log(low) + share * (std::log(high) - std::log(low))), 6);
  }
  return by_steps(low, (high - low) / static_cast<double>(count - 1), static_cast<double>(index));
}

}  // namespace equipoise::sweep
