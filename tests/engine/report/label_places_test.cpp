#include <gtest/gtest.h>

#include <cmath>

#include "engine/report/label_places.h"

namespace equipoise::report {
namespace label_places_test {

constexpr double kWidth = 400, kHeight = 300;

TEST(LabelPlaces, ALoneDotHasItsLabelBesideIt) {
  const auto places = label_places({{200, 150, "7"}}, kWidth, kHeight);
  ASSERT_TRUE(places[0]);
  EXPECT_FALSE(places[0]->far);
  EXPECT_GT(places[0]->dx, 0);
  EXPECT_LT(places[0]->dy, 0);
}

TEST(LabelPlaces, NoLabelLeavesThePlot) {
  for (const double x : {1.0, 200.0, 399.0}) {
    for (const double y : {1.0, 150.0, 299.0}) {
      const auto places = label_places({{x, y, "64"}}, kWidth, kHeight);
      ASSERT_TRUE(places[0]) << x << " " << y;
      EXPECT_GE(x + places[0]->dx, 0);
      EXPECT_LE(x + places[0]->dx + 12, kWidth);
      EXPECT_GE(y + places[0]->dy - 8, 0);
      EXPECT_LE(y + places[0]->dy, kHeight);
    }
  }
}

TEST(LabelPlaces, LabelsOfACrowdDoNotCoverEachOther) {
  std::vector<LabelledDot> dots;
  for (int i = 0; i < 24; ++i) dots.push_back({180.0 + 8 * (i % 6), 140.0 + 8 * (i / 6), std::to_string(10 + i)});
  const auto places = label_places(dots, kWidth, kHeight);
  int placed = 0, far = 0;
  for (std::size_t i = 0; i < dots.size(); ++i) {
    if (!places[i]) continue;
    ++placed;
    far += places[i]->far;
    for (std::size_t j = 0; j < i; ++j) {
      if (!places[j]) continue;
      // A figure is at least 6 px wide and 9 high.
      const double across = std::abs(dots[i].x + places[i]->dx - dots[j].x - places[j]->dx);
      const double down = std::abs(dots[i].y + places[i]->dy - dots[j].y - places[j]->dy);
      EXPECT_TRUE(across >= 12 || down >= 9) << dots[i].label << " covers " << dots[j].label;
    }
  }
  EXPECT_GE(placed, 20);
  EXPECT_GT(far, 0);
}

TEST(LabelPlaces, ADotWithoutALabelIsNotCovered) {
  const auto places = label_places({{200, 150, ""}, {213, 141, "7"}}, kWidth, kHeight);
  EXPECT_FALSE(places[0]);
  ASSERT_TRUE(places[1]);
  EXPECT_GT(places[1]->dx, 0);
}

// A dash of three bytes is as wide as a letter: here there is room for four letters, and none for six.
TEST(LabelPlaces, LettersAreCountedAndNotBytes) {
  EXPECT_TRUE(label_places({{7, 30, "1\u20133"}}, 38, 60)[0]);
  EXPECT_FALSE(label_places({{7, 30, "1--33"}}, 38, 60)[0]);
}

TEST(LabelPlaces, WhereThereIsNoRoomThereIsNoLabel) {
  const auto places = label_places({{6, 6, "a label that is wider than the plot"}}, 12, 12);
  EXPECT_FALSE(places[0]);
}

}  // namespace label_places_test
}  // namespace equipoise::report
