#include "engine/evaluation/assumed_losses.h"

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>
#include <numbers>

namespace equipoise::evaluation {

LossMoments log_losses_of_right_scores(double share, double explained) {
  using boost::math::digamma, boost::math::trigamma;
  const double count = 1 / explained - 1;
  return {digamma(count + 1) - digamma(count * share + 1), trigamma(count * share + 1) - trigamma(count + 1)};
}

LossMoments losses_of_normal_errors(double deviation, const NumberLoss& loss) {
  constexpr double kFurthest = 12;  // beyond which a double sees no normal number
  const auto mean_of = [&](int power) {
    const auto weighted = [&](double z) {
      return std::pow(loss.of_error(deviation * z, loss.parameter), power) * std::exp(-z * z / 2);
    };
    using boost::math::quadrature::gauss_kronrod;
    // A loss may have a kink at 0.
    return (gauss_kronrod<double, 61>::integrate(weighted, -kFurthest, 0.0, 12, 1e-10) +
            gauss_kronrod<double, 61>::integrate(weighted, 0.0, kFurthest, 12, 1e-10)) /
           std::sqrt(2 * std::numbers::pi);
  };
  const double mean = mean_of(1);
  return {mean, mean_of(2) - mean * mean};
}

}  // namespace equipoise::evaluation
