#include "engine/report/sweep_frontier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/report/page_checks.h"
#include "tests/engine/sweep/sample_results.h"

namespace equipoise::report {
namespace sweep_frontier_test {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(FrontierFigure, DrawsSomeOfManyAndAllOfTheFront) {
  const sweep::SweepResults results = sweep::random_results(3, 5000);
  const auto figure = frontier_figure(results, findings_of(results), 0);
  ASSERT_TRUE(figure);
  ASSERT_EQ(figure->panels.size(), 2u);
  for (const FrontierPanel& panel : figure->panels) {
    EXPECT_LE(panel.points.size(), 600u);
    EXPECT_EQ(panel.measured, 5000u);
    EXPECT_EQ(std::ranges::count(panel.points, true, &FrontierPoint::on_front),
              static_cast<std::ptrdiff_t>(non_dominated(results, 0, data::Split::selection).size()));
  }
  Markup page;
  page.verbatim("<!DOCTYPE html>");
  draw_frontier(page, results, *figure);
  EXPECT_THAT(PageReader(page.take()).text(), HasSubstr("of 5,000\u00A0runs drawn"));
}

TEST(FrontierPicture, IsAPictureOfItsOwn) {
  sweep::SweepResults results = sweep::sample_grid();
  results.plan.name = "<tolerances> & \"more\"";
  const std::string svg = frontier_svg(results, {*frontier_figure(results, findings_of(results), 0)});
  EXPECT_THAT(svg, HasSubstr("<?xml version"));
  EXPECT_THAT(svg, HasSubstr("&lt;tolerances&gt; &amp;"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("class=")));  // no style sheet comes along
  // But for its first line it is markup as strict as the page's.
  EXPECT_NO_THROW(PageReader("<!DOCTYPE html>" + svg.substr(svg.find("?>") + 2)));
}

TEST(FrontierPicture, WithoutFiguresThereIsNone) {
  sweep::SweepResults results = sweep::sample_grid(1);
  for (sweep::RunResult& run : results.runs) run.status = sweep::RunStatus::failed;
  EXPECT_FALSE(frontier_figure(results, findings_of(results), 0));
  EXPECT_THAT(non_dominated(results, 0, data::Split::test), IsEmpty());
}

}  // namespace sweep_frontier_test
}  // namespace equipoise::report
