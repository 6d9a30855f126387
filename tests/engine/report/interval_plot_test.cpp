#include "engine/report/interval_plot.h"

#include <gtest/gtest.h>

#include "tests/engine/report/page_checks.h"

namespace equipoise::report {
namespace interval_plot_test {

IntervalTrack track_of(const IntervalMark& mark) {
  IntervalTrack track;
  track.title = "Gap in true positive rate by sex";
  track.description = "in words";
  track.marks = {mark};
  return track;
}

IntervalMark mark_at(double estimate) {
  IntervalMark mark;
  mark.estimate = estimate;
  mark.interval = evaluation::Interval{0.01, 0.06};
  mark.upper_bound = 0.08;
  mark.verdict = evaluation::Verdict::not_shown;
  mark.hover = "test split: gap 2.0 points";
  return mark;
}

PageReader drawn(const IntervalTrack& track) {
  Markup page;
  draw_track(page, {0, 0.1}, track);
  return PageReader("<!DOCTYPE html>" + page.take());
}

/// The one element of that class.
Tag only(const PageReader& reader, const std::string& style) {
  std::vector<Tag> found;
  for (const Tag& tag : reader.tags()) {
    if (tag.attributes.contains("class") && tag.attributes.at("class") == style) found.push_back(tag);
  }
  EXPECT_EQ(found.size(), 1u) << style;
  return found.empty() ? Tag{} : found.front();
}

TEST(IntervalTrack, EverythingStandsWhereItsValueIs) {
  IntervalTrack track = track_of(mark_at(0.02));
  track.reference = 0.05;
  track.noise_floor = 0.03;
  track.shaded = true;
  const PageReader reader = drawn(track);
  EXPECT_EQ(only(reader, "mark").attributes.at("x"), "20.00%");
  EXPECT_EQ(only(reader, "interval").attributes.at("x1"), "10.00%");
  EXPECT_EQ(only(reader, "interval").attributes.at("x2"), "60.00%");
  EXPECT_EQ(only(reader, "bound").attributes.at("x1"), "80.00%");
  EXPECT_EQ(only(reader, "reference").attributes.at("x1"), "50.00%");
  EXPECT_EQ(only(reader, "noise").attributes.at("x1"), "30.00%");
  EXPECT_EQ(only(reader, "allowed").attributes.at("width"), "50.00%");
  EXPECT_NE(reader.text().find("test split: gap 2.0 points"), std::string::npos);
}

TEST(IntervalTrack, WithoutAnEstimateNoMark) {
  IntervalMark mark = mark_at(0.02);
  mark.estimate.reset();
  const PageReader reader = drawn(track_of(mark));
  EXPECT_EQ(reader.named("circle").size() + reader.named("path").size(), 0u);
  EXPECT_EQ(reader.named("line").size(), 1u);  // the rule at the foot
}

TEST(IntervalTrack, HollowAndLighterDots) {
  IntervalMark mark = mark_at(0.02);
  mark.verdict.reset();
  mark.hollow = true;
  EXPECT_NE(drawn(track_of(mark)).named("circle").at(0).attributes.at("class").find("hollow"), std::string::npos);
  mark.hollow = false;
  mark.lighter = true;
  EXPECT_NE(drawn(track_of(mark)).named("circle").at(0).attributes.at("class").find("lighter"), std::string::npos);
  EXPECT_NE(drawn(track_of(mark)).named("circle").at(0).attributes.at("r"), "4.5");
}

TEST(IntervalTrack, IsAPictureWithWords) {
  const PageReader reader = drawn(track_of(mark_at(0.02)));
  EXPECT_EQ(reader.named("svg").at(0).attributes.at("role"), "img");
  EXPECT_NE(reader.text().find("Gap in true positive rate by sex"), std::string::npos);
  EXPECT_NE(reader.text().find("in words"), std::string::npos);
}

}  // namespace interval_plot_test
}  // namespace equipoise::report
