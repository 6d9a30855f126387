#include "engine/evaluation/quality.h"

#include <gtest/gtest.h>

#include <cmath>

namespace equipoise::evaluation {
namespace quality_test {

TEST(QualityOfASplit, LessErrorIsBetterAndAFigureIsBetterThanNone) {
  const auto with = [](bool is_error, std::optional<double> figure) { return Quality{"", "", is_error, figure, {}}; };
  EXPECT_TRUE(is_better(with(true, 1.0), with(true, 2.0)));
  EXPECT_FALSE(is_better(with(true, 2.0), with(true, 1.0)));
  EXPECT_FALSE(is_better(with(true, 1.0), with(true, 1.0)));
  EXPECT_TRUE(is_better(with(false, 0.9), with(false, 0.8)));
  EXPECT_TRUE(is_better(with(true, 9.0), with(true, std::nullopt)));
  EXPECT_FALSE(is_better(with(true, std::nan("")), with(true, 9.0)));
}

}  // namespace quality_test
}  // namespace equipoise::evaluation
