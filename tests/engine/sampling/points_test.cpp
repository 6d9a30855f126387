#include "engine/sampling/points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace equipoise::sampling {
namespace points_test {

using testing::ElementsAre;
using testing::FloatEq;

// A number in two bins (its third code is missing), one in deviations, a category of two levels.
data::EncodedRows three_rows() {
  data::EncodedRows rows;
  rows.rows = 4;
  rows.features = {{"age", data::FeatureKind::ramp, 0, 3, false, {"age below 40", "age from 40", "age missing"}},
                   {"height", data::FeatureKind::pick, 3, 2, false, {"height", "height missing"}},
                   {"job", data::FeatureKind::pick, 5, 2, false, {"job = a", "job = b"}}};
  rows.codes = {0, 0, 1, /**/ 1, 0, -1, /**/ 2, 1, 0, /**/ 1, 0, 1};
  rows.values = {0.5F, -1, 1, /**/ 0.5F, 3, 0, /**/ 0, 0, 1, /**/ 1, 90, 1};
  return rows;
}

// Of rows 0 to 2, by hand: ages lie at .25 and .75 (of two bins), the mean is .5 and the deviation .25; heights at -1 and 3, mean 1,
// deviation 2; the median of the two deviations is 1.125.
TEST(PointSpace, NumbersLieAtTheirQuantilesAndMissingOnesAtTheMean) {
  const data::EncodedRows rows = three_rows();
  const PointSpace space(rows, {0, 1, 2});
  ASSERT_EQ(space.dimensions(), 4);
  const auto level = static_cast<float>(1.125 / std::sqrt(2.0));
  EXPECT_FLOAT_EQ(space.level(), level);
  const auto point = [&](std::int64_t row) {
    std::vector<float> coordinates(4);
    space.write(rows, row, coordinates.data());
    return coordinates;
  };
  EXPECT_THAT(point(0), ElementsAre(FloatEq(0.25F), FloatEq(-1), 0, FloatEq(level)));
  EXPECT_THAT(point(1), ElementsAre(FloatEq(0.75F), FloatEq(3), 0, 0));
  EXPECT_THAT(point(2), ElementsAre(FloatEq(0.5F), FloatEq(1), FloatEq(level), 0));
  EXPECT_THAT(point(3), ElementsAre(FloatEq(1), FloatEq(90), 0, FloatEq(level)));
  EXPECT_TRUE(space.is_missing(0, 2) && space.is_missing(1, 1) && !space.is_missing(0, 1));
  EXPECT_TRUE(space.is_number(0) && space.is_number(1) && !space.is_number(2));
}

TEST(PointSpace, WithoutNumbersOrRowsHasAScaleAllTheSame) {
  data::EncodedRows rows;
  rows.rows = 1;
  rows.features = {{"job", data::FeatureKind::pick, 0, 3, false, {"a", "b", "c"}}};
  rows.codes = {2};
  rows.values = {1};
  EXPECT_FLOAT_EQ(PointSpace(rows, {0}).level(), static_cast<float>(1 / std::sqrt(2.0)));
  EXPECT_EQ(PointSpace(rows, {}).dimensions(), 3);
  EXPECT_EQ(PointSpace(data::EncodedRows(), {}).dimensions(), 1);
}

}  // namespace points_test
}  // namespace equipoise::sampling
