#include "engine/evaluation/resampler.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/evaluation/gap_samples.h"

namespace equipoise::evaluation {
namespace resampler_test {

TEST(NoiseFloorTest, OfTwoLevelsIsTheMeanAbsoluteDifference) {
  // Both at the pooled .3: E|D| = sqrt(2 / pi) sd, nearly normal at these sizes.
  const GapSample sample = sample_of("max_min", {{280, 1000}, {170, 500}});
  const double deviation = std::sqrt(0.3 * 0.7 * (1.0 / 1000 + 1.0 / 500));
  EXPECT_NEAR(noise_floor(sample, {20000, 3}), std::sqrt(2 / M_PI) * deviation, 0.0003);
}

TEST(NoiseFloorTest, OfTinyLevelsIsExact) {
  // One row each at the rate 1/2: the gap is 1 in half of the cases, else 0.
  EXPECT_NEAR(noise_floor(sample_of("max_min", {{1, 1}, {0, 1}}), {20000, 3}), 0.5, 0.015);
}

TEST(NoiseFloorTest, HangsOnItsSeedAlone) {
  const GapSample sample = sample_of("max_min", {{28, 100}, {17, 50}, {9, 40}});
  EXPECT_EQ(noise_floor(sample, {500, 1}), noise_floor(sample, {500, 1}));
  EXPECT_NE(noise_floor(sample, {500, 1}), noise_floor(sample, {500, 2}));
}

}  // namespace resampler_test
}  // namespace equipoise::evaluation
