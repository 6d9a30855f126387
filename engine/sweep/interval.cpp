#include <algorithm>
#include <cmath>
#include <utility>

#include <boost/math/distributions/normal.hpp>

#include "engine/sweep/axes.h"
#include "engine/sweep/rounding.h"

namespace equipoise::sweep {
namespace {

// The first and the last that lie between the ends, counted from 0.
std::pair<double, double> multiples_in(const Interval& interval, double unit) {
  constexpr double kNothing = 1e-9;  // .3 is three times .1
  return {std::ceil(interval.low / unit - kNothing), std::floor(interval.high / unit + kNothing)};
}

}  // namespace

bool Interval::is_empty() const {
  if (kind == Kind::normal || (step == 0 && !is_whole)) return false;
  const auto [first, last] = multiples_in(*this, step > 0 ? step : 1);
  return first > last;
}

double Interval::nearest(double value) const {
  if (step == 0 && !is_whole) return value;
  const double unit = step > 0 ? step : 1;
  double count = std::round(value / unit);
  if (kind == Kind::even) {
    const auto [first, last] = multiples_in(*this, unit);
    count = std::clamp(count, first, last);
  }
  return step > 0 ? by_steps(0, step, count) : count;
}

double Interval::at(double u) const {
  constexpr int kDigits = 6;  // more say nothing, and make titles long
  double x = 0;
  if (kind == Kind::normal) {
    x = low + high * boost::math::quantile(boost::math::normal(), u);
    if (is_log) x = std::exp(x);
  } else if (is_whole && !is_log && step == 0) {
    const auto [first, last] = multiples_in(*this, 1);  // each as often as any other
    x = std::floor(first + u * (last - first + 1));
  } else if (is_log) {
    x = std::exp(std::log(low) + u * (std::log(high) - std::log(low)));
  } else {
    x = low + u * (high - low);
  }
  return step > 0 || is_whole ? nearest(x) : rounded(x, kDigits);
}

}  // namespace equipoise::sweep
