#include "engine/report/line_chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "engine/report/figures.h"
#include "tests/engine/report/page_checks.h"

namespace equipoise::report {
namespace line_chart_test {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

LineChart chart_of(std::vector<Point> points) {
  LineChart chart;
  chart.title = "Accuracy";
  chart.description = "words";
  chart.x_title = "epoch";
  chart.y_word = [](double value) { return percent_text(value); };
  chart.series.push_back({"training rows", std::move(points), 0, Stroke::solid, false, false});
  return chart;
}

std::string drawn(const LineChart& chart) {
  Markup page;
  draw_line_chart(page, chart);
  return "<!DOCTYPE html>" + page.take();
}

std::size_t occurrences(const std::string& text, std::string_view piece) {
  std::size_t n = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

TEST(Thinned, KeepsPeaksAndEnds) {
  std::vector<Point> points;
  for (int i = 0; i < 10000; ++i) points.push_back({static_cast<double>(i), 0.5});
  points[1234].y = 9;
  points[7777].y = -9;
  const std::vector<Point> kept = thinned(points, 100);
  EXPECT_LE(kept.size(), 100u);
  EXPECT_EQ(kept.front().x, 0);
  EXPECT_EQ(kept.back().x, 9999);
  const auto has = [&](double x) {
    return std::any_of(kept.begin(), kept.end(), [&](const Point& p) { return p.x == x; });
  };
  EXPECT_TRUE(has(1234));
  EXPECT_TRUE(has(7777));
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(), [](const Point& a, const Point& b) { return a.x < b.x; }));
}

TEST(Thinned, LeavesFewPointsAlone) {
  const std::vector<Point> points = {{0, 1}, {1, 2}, {2, 3}};
  EXPECT_EQ(thinned(points, 100).size(), 3u);
}

TEST(LineChart, BreaksWhereAValueIsMissing) {
  const std::string html = drawn(chart_of({{0, 0.1}, {1, 0.2}, {2, kNan}, {3, 0.3}, {4, 0.4}}));
  const PageReader reader(html);
  for (const Tag& path : reader.named("path")) {
    if (path.attributes.at("d") == "M1 5H27") continue;  // the legend's sample
    EXPECT_EQ(occurrences(path.attributes.at("d"), "M"), 2u);
    EXPECT_EQ(occurrences(path.attributes.at("d"), "L"), 2u);
  }
  EXPECT_EQ(html.find("nan"), std::string::npos);
}

TEST(LineChart, OnePointIsSeen) {
  const PageReader reader(drawn(chart_of({{1, 0.5}})));
  const auto circles = reader.named("circle");
  ASSERT_EQ(circles.size(), 1u);
  EXPECT_NE(circles[0].attributes.at("class").find("lone"), std::string::npos);
}

TEST(LineChart, ScalesHoldTheGuides) {
  LineChart chart = chart_of({{0, 0.01}, {1, 0.02}});
  chart.levels.push_back({0.5, "tolerance"});
  const PageReader reader(drawn(chart));
  for (const Tag& line : reader.named("line")) {
    if (line.attributes.at("class") == "reference") {
      EXPECT_GT(std::stod(line.attributes.at("y1")), -0.1);
    }
  }
  EXPECT_NE(reader.text().find("tolerance"), std::string::npos);
}

TEST(LineChart, EndLabelsDoNotOverlap) {
  LineChart chart = chart_of({{0, 0}, {1, 0.500}});
  chart.series[0].labelled_at_end = true;
  for (const double end : {0.501, 0.502, 0.503}) {
    chart.series.push_back({"another", {{0, 0}, {1, end}}, 1, Stroke::dashed, false, true});
  }
  std::vector<double> heights;
  for (const Tag& tag : PageReader(drawn(chart)).named("text")) {
    if (tag.attributes.contains("x") && tag.attributes.at("x") == "25")
      heights.push_back(std::stod(tag.attributes.at("y")));
  }
  ASSERT_EQ(heights.size(), 4u);
  std::sort(heights.begin(), heights.end());
  for (std::size_t i = 1; i < heights.size(); ++i) EXPECT_GE(heights[i] - heights[i - 1], 14.9);
  EXPECT_LE(heights.back(), 200.01);
}

TEST(LineChart, HasWordsForThoseWhoCannotSeeIt) {
  const PageReader reader(drawn(chart_of({{0, 0.1}, {1, 0.2}})));
  const Tag picture = reader.named("svg").front();
  EXPECT_EQ(picture.attributes.at("role"), "img");
  EXPECT_NE(reader.text().find("training rows: 10.0\u202F% at epoch 0"), std::string::npos) << reader.text();
}

// Where lines go everywhere, what a level is stands beside the plot.
TEST(LineChart, LevelsMayBeNamedInTheLegend) {
  LineChart chart = chart_of({{0, 0}, {1, 1}});
  chart.levels = {{0.52, "tolerance 52"}, {0.5, "tolerance 50"}};
  EXPECT_EQ(occurrences(drawn(chart), "guide-word"), 2u);
  EXPECT_EQ(occurrences(drawn(chart), "<li>"), 1u);
  chart.levels_in_legend = true;
  const std::string html = drawn(chart);
  EXPECT_EQ(occurrences(html, "guide-word"), 0u);
  EXPECT_EQ(occurrences(html, "<li>"), 3u);
  EXPECT_EQ(occurrences(html, "class=\"reference\""), 4u) << "two lines, and two samples of them";
  EXPECT_NE(html.find("tolerance 50</li>"), std::string::npos);
}

}  // namespace line_chart_test
}  // namespace equipoise::report
