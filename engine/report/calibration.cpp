#include <fmt/format.h>

#include "engine/report/figures.h"
#include "engine/report/reliability_plot.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

void write_table(Markup& page, const evaluation::SplitResult& split) {
  const auto wrap = page.in(
      "div",
      {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Calibration by bin of scores"}});
  const auto table = page.in("table");
  page.element("caption", {}, fmt::format("Calibration by bin of scores on the {} split", split.split));
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    for (const char* name : {"Scores", "Rows", "Mean score", "Positive", "Difference"}) {
      page.element("th", {{"scope", "col"}}, name);
    }
  }
  const auto body = page.in("tbody");
  for (const evaluation::CalibrationBin& bin : split.metrics.calibration) {
    const auto row = page.in("tr");
    page.element("th", {{"scope", "row"}}, fmt::format("{:.2f} to {:.2f}", bin.low, bin.high));
    page.element("td", {}, count_text(bin.rows));
    const bool some = bin.rows > 0;
    page.element("td", {}, some ? percent_text(bin.mean_score) : "\u2013");
    page.element("td", {}, some ? percent_text(bin.positive_share) : "\u2013");
    page.element("td", {}, some ? points_text(bin.positive_share - bin.mean_score) : "\u2013");
  }
}

}  // namespace

void write_calibration(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "calibration"}, {"aria-labelledby", "calibration-title"}});
  page.element("h2", {{"id", "calibration-title"}}, "Calibration");
  const evaluation::SplitResult* split = headline_split(report);
  if (!split || split->metrics.calibration.empty()) {
    page.element("p", {}, "Calibration was not measured.");
    return;
  }
  page.element(
      "p", {{"class", "intro"}},
      fmt::format("Do scores mean what they say? Of the rows with a score near 30\u202F%, about 30\u202F% should be "
                  "positive: dots on the dashed line. Expected calibration error on the {} split: {}.",
                  split->split, decimal_text(split->metrics.calibration_error, 3)));
  const auto columns = page.in("div", {{"class", "side-by-side"}});
  draw_reliability_plot(page, split->metrics.calibration);
  write_table(page, *split);
}

}  // namespace equipoise::report
