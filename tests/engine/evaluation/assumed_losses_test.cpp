// How the losses of a model that is good, but not perfect, vary: closed forms beside quadrature and draws.
#include "engine/evaluation/assumed_losses.h"

#include <gtest/gtest.h>

#include <boost/math/quadrature/tanh_sinh.hpp>
#include <cmath>

#include "tests/engine/evaluation/showable_people.h"

namespace equipoise::evaluation {
namespace assumed_losses_test {

// Of the rows with an answer that a share p has, the score s of that answer has a density that goes as s^(c p) (1 - s)^(c (1 - p) - 1).
LossMoments by_quadrature(double p, double c) {
  boost::math::quadrature::tanh_sinh<double> integrator;
  const auto mean_of = [&](int power) {
    return integrator.integrate(
        [&](double s, double to_end) {
          const double rest = s < 0.5 ? 1 - s : to_end;
          return std::pow(-std::log(s), power) * std::pow(s, c * p) * std::pow(rest, c * (1 - p) - 1);
        },
        0.0, 1.0);
  };
  const double all = mean_of(0), mean = mean_of(1) / all;
  return {mean, mean_of(2) / all - mean * mean};
}

TEST(AssumedLossesTest, LogLossesAreThoseOfBetaScores) {
  for (const double share : {0.01, 0.1, 0.25, 0.5, 0.9})
    for (const double explained : {0.3, 0.5, 0.75}) {
      const LossMoments expected = by_quadrature(share, 1 / explained - 1),
                        found = log_losses_of_right_scores(share, explained);
      EXPECT_NEAR(found.mean, expected.mean, 1e-7) << share << " " << explained;
      EXPECT_NEAR(found.variance, expected.variance, 1e-7) << share << " " << explained;
    }
  EXPECT_EQ(log_losses_of_right_scores(1, 0.5).mean, 0) << "what everyone answers is certain";
}

// E |e| = sigma sqrt(2 / pi), E e^2 = sigma^2, E e^4 = 3 sigma^4; of Huber's loss with the normal integral Phi and density phi
// sigma^2 (Phi(d) - Phi(-d) - 2 d phi(d)) / 2 + 2 delta (sigma phi(d) - delta / 2 (1 - Phi(d))) where d = delta / sigma.
TEST(AssumedLossesTest, LossesOfNumbersAreThoseOfNormalErrors) {
  const double sigma = 0.7;
  const LossMoments squares = losses_of_normal_errors(sigma, {squared_loss, 0});
  EXPECT_NEAR(squares.mean, sigma * sigma, 1e-9);
  EXPECT_NEAR(squares.variance, 2 * std::pow(sigma, 4), 1e-9);
  const LossMoments quantiles = losses_of_normal_errors(sigma, {quantile_loss, 0.8});
  const double half = sigma / std::sqrt(2 * M_PI);
  EXPECT_NEAR(quantiles.mean, half, 1e-9) << "(q + 1 - q) E max(e, 0)";
  EXPECT_NEAR(quantiles.variance, (0.64 + 0.04) / 2 * sigma * sigma - half * half, 1e-9);
  const double delta = 1, d = delta / sigma, density = std::exp(-d * d / 2) / std::sqrt(2 * M_PI);
  const LossMoments huber = losses_of_normal_errors(sigma, {huber_loss, delta});
  EXPECT_NEAR(huber.mean,
              sigma * sigma * (1 - 2 * normal_tail(d) - 2 * d * density) / 2 +
                  2 * delta * (sigma * density - delta / 2 * normal_tail(d)),
              1e-9);
}

}  // namespace assumed_losses_test
}  // namespace equipoise::evaluation
