#include <cmath>

#include <boost/math/distributions/normal.hpp>

#include "engine/sweep/axes.h"
#include "engine/sweep/rounding.h"

namespace equipoise::sweep {

double Interval::at(double u) const {
  constexpr int kDigits = 6;  // more say nothing, and make titles long
  double x = 0;
  if (kind == Kind::normal) {
    x = low + high * boost::math::quantile(boost::math::normal(), u);
    if (is_log) x = std::exp(x);
  } else if (is_whole && !is_log) {
    x = std::min(high, std::floor(low + u * (high - low + 1)));
  } else if (is_log) {
    x = std::exp(std::log(low) + u * (std::log(high) - std::log(low)));
  } else {
    x = low + u * (high - low);
  }
  if (step > 0) return by_steps(0, step, std::round(x / step));
  return is_whole ? std::round(x) : rounded(x, kDigits);
}

}  // namespace equipoise::sweep
