#include "engine/sweep/rounding.h"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace equipoise::sweep {

double rounded(double value, int digits) {
  return std::strtod(fmt::format("{:.{}g}", value, digits).c_str(), nullptr);
}

double spaced(double low, double high, long count, long index, bool is_log) {
  constexpr int kDigits = 12;
  if (index == 0) return low;
  if (index == count - 1) return high;
  const double share = static_cast<double>(index) / static_cast<double>(count - 1);
  if (is_log) return rounded(std::exp(std::log(low) + share * (std::log(high) - std::log(low))), 6);
  return rounded(low + share * (high - low), kDigits);
}

}  // namespace equipoise::sweep
