#include "engine/evaluation/limits.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>

namespace equipoise::evaluation {
namespace {

// Boost would compute in long double, which is slower, for digits that no rate has: training takes thousands of bounds.
using InDouble = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
using Normal = boost::math::normal_distribution<double, InDouble>;
// Of hardly more than one row Student's points are beyond all doubles.
using Endless =
    boost::math::policies::policy<boost::math::policies::promote_double<false>,
                                  boost::math::policies::overflow_error<boost::math::policies::ignore_error>>;
using Student = boost::math::students_t_distribution<double, Endless>;

// Of the numbers with the other sign.
Interval turned_over(const Interval& limits) {
  return {-limits.high, -limits.low};
}

}  // namespace

double normal_point(double tail) {
  return boost::math::quantile(boost::math::complement(Normal(), tail));
}

double normal_tail(double point) {
  return boost::math::cdf(boost::math::complement(Normal(), point));
}

Interval wilson(double rate, double rows, double confidence) {
  const double z = normal_point((1 - confidence) / 2), shrink = 1 + z * z / rows;
  const double center = (rate + z * z / (2 * rows)) / shrink;
  const double half = z / shrink * std::sqrt(rate * (1 - rate) / rows + z * z / (4 * rows * rows));
  return {rate <= 0 ? 0 : std::max(0.0, center - half), rate >= 1 ? 1 : std::min(1.0, center + half)};
}

Interval exact_limits(double rate, double rows, double tail) {
  const double positives = rate * rows, negatives = rows - positives;
  constexpr double kNone = 1e-9;  // a count that is zero but for rounding
  return {positives <= kNone ? 0 : boost::math::ibeta_inv(positives, negatives + 1, tail, InDouble()),
          negatives <= kNone ? 1 : boost::math::ibetac_inv(positives + 1, negatives, tail, InDouble())};
}

Interval student_limits(double mean, double deviation, double rows, double tail) {
  constexpr double kNoLimit = std::numeric_limits<double>::infinity();
  if (rows <= 1) return {-kNoLimit, kNoLimit};
  const double point = boost::math::quantile(boost::math::complement(Student(rows - 1), tail));
  const double reach = point * deviation / std::sqrt(rows);
  if (!std::isfinite(reach)) return {-kNoLimit, kNoLimit};
  return {mean - reach, mean + reach};
}

Interval gamma_limits(double mean, double deviation, double skewness, double rows, double tail) {
  if (skewness < 0) return turned_over(gamma_limits(-mean, deviation, -skewness, rows, tail));
  const Interval student = student_limits(mean, deviation, rows, tail);
  if (!std::isfinite(student.high) || deviation <= 0 || skewness <= 0 || tail >= 0.5) return student;
  // There the gamma is normal to three digits, and its series would not converge.
  constexpr double kLargestShape = 1e7;
  if (4 * rows > kLargestShape * skewness * skewness) return student;
  const double widened = (student.high - mean) * std::sqrt(rows) / normal_point(tail);
  // Of a gamma of this shape for one row the deviation is skewness / 2 of the mean.
  const double shape = 4 * rows / (skewness * skewness), from_shift = 2 * widened / skewness;
  const auto limit = [&](double above) {
    return mean + from_shift * (shape / boost::math::gamma_p_inv(shape, above, InDouble()) - 1);
  };
  // At a low confidence half of the skewed distribution lies below its mean, and a limit could pass it.
  return {std::min(limit(1 - tail), mean), std::max(limit(tail), mean)};
}

Interval skewed_limits(double mean, double deviation, double skewness, double rows, double tail) {
  if (skewness < 0) return turned_over(skewed_limits(-mean, deviation, -skewness, rows, tail));
  const Interval student = student_limits(mean, deviation, rows, tail);
  return {student.low, std::max(student.high, gamma_limits(mean, deviation, skewness, rows, tail).high)};
}

}  // namespace equipoise::evaluation
