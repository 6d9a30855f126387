#include <fmt/format.h>

#include <algorithm>

#include "engine/evaluation/quality.h"
#include "engine/report/figure_table.h"
#include "engine/report/figures.h"
#include "engine/report/outcomes.h"
#include "engine/report/reliability_plot.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

using evaluation::CalibrationBin;
using evaluation::OutcomeMetrics;
using evaluation::SplitResult;

void write_table(Markup& page, const std::vector<CalibrationBin>& bins, const std::string& caption) {
  FigureTable table;
  table.caption = caption;
  table.columns = {"Scores", "Rows", "Mean score", "Positive", "Difference"};
  FigureTable::Block& block = table.blocks.emplace_back();
  for (const CalibrationBin& bin : bins) {
    const bool some = bin.rows > 0;
    block.rows.push_back({fmt::format("{:.2f} to {:.2f}", bin.low, bin.high), count_text(bin.rows),
                          some ? percent_text(bin.mean_score) : "\u2013",
                          some ? percent_text(bin.positive_share) : "\u2013",
                          some ? points_text(bin.positive_share - bin.mean_score) : "\u2013"});
  }
  write_figure_table(page, table);
}

void write_binary_calibration(Markup& page, const SplitResult& split) {
  page.element(
      "p", {{"class", "intro"}},
      fmt::format("Do scores mean what they say? Of the rows with a score near 30\u202F%, about 30\u202F% should be "
                  "positive: dots on the dashed line. Expected calibration error on {}: {}.",
                  split_phrase(split), decimal_text(split.metrics.calibration_error, 3)));
  const auto columns = page.in("div", {{"class", "side-by-side"}});
  draw_reliability_plot(
      page, {"Reliability diagram", "Share that is positive against mean score, in %; larger dots stand for more rows",
             split.metrics.calibration, false});
  write_table(page, split.metrics.calibration, fmt::format("Calibration by bin of scores on {}", split_phrase(split)));
}

void write_outcome_calibration(Markup& page, const SplitResult& split) {
  const bool labels = split.task == "labels";
  page.element("p", {{"class", "intro"}},
               fmt::format("Do scores mean what they say? Of the rows with a score near 30\u202F% for a {0}, {1} about "
                           "30\u202F%: dots on the dashed line. Each plot is of one {0} on {2}: the share for which it "
                           "holds against the mean score, in %; larger dots stand for more rows.",
                           outcome_noun(split), labels ? "it should hold for" : "it should be the class of",
                           split_phrase(split)));
  {
    const auto plots = page.in("div", {{"class", "small-multiples"}});
    for (const OutcomeMetrics& outcome : split.outcomes) {
      if (outcome.metrics.calibration.empty()) continue;
      const std::string title = outcome_title(split, outcome.name);
      draw_reliability_plot(
          page, {"Reliability diagram of " + title,
                 fmt::format("{}: calibration error {}", title, decimal_text(outcome.metrics.calibration_error, 3)),
                 outcome.metrics.calibration, true});
    }
  }
  const auto details = page.in("details");
  page.element("summary", {}, "The same as tables");
  for (const OutcomeMetrics& outcome : split.outcomes) {
    if (outcome.metrics.calibration.empty()) continue;
    write_table(page, outcome.metrics.calibration,
                fmt::format("Calibration of {} by bin of scores", outcome_title(split, outcome.name)));
  }
}

bool has_calibration(const SplitResult& split) {
  if (is_binary(split)) return !split.metrics.calibration.empty();
  return std::ranges::any_of(split.outcomes,
                             [](const OutcomeMetrics& outcome) { return !outcome.metrics.calibration.empty(); });
}

}  // namespace

void write_calibration(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "calibration"}, {"aria-labelledby", "calibration-title"}});
  page.element("h2", {{"id", "calibration-title"}}, "Calibration");
  const SplitResult* split = headline_split(report);
  if (!split || !has_calibration(*split)) {
    page.element("p", {}, "Calibration was not measured.");
  } else if (is_binary(*split)) {
    write_binary_calibration(page, *split);
  } else {
    write_outcome_calibration(page, *split);
  }
}

}  // namespace equipoise::report
