#include <fmt/format.h>

#include <algorithm>

#include "engine/report/compare_sections.h"
#include "engine/report/figures.h"
#include "engine/report/interval_plot.h"

namespace equipoise::report {
namespace {

using evaluation::ComparedFigure;

// Everything that is drawn of one figure, and 0.
Scale scale_of(const CompareReport& report, std::size_t figure) {
  double low = 0, high = 0;
  for (const ComparedArm& arm : report.arms) {
    if (arm.differences.empty() || !arm.differences[figure]) continue;
    low = std::min(low, arm.differences[figure]->paired.interval.low);
    high = std::max(high, arm.differences[figure]->paired.interval.high);
  }
  return round_scale(low, high);
}

std::string words_of(const ComparedArm& arm, const ComparedDifference& difference, const ComparedFigure& figure,
                     const std::string& said) {
  return fmt::format("{}: {}, interval {}, {}", arm.name, difference_text(difference.paired.difference, figure),
                     difference_range(difference.paired.interval, figure), said);
}

void write_row(Markup& page, const CompareReport& report, const ComparedArm& arm, std::size_t f, const Scale& scale) {
  const ComparedFigure& figure = report.figures[f];
  const auto row = page.in("li", {{"class", "plot-row"}});
  page.element("div", {{"class", "label"}}, arm.name);
  if (!arm.differences[f]) {
    page.element("div", {{"class", "note"}}, "");
    page.element("div", {{"class", "numbers note"}}, "not measured in both");
    return;
  }
  const ComparedDifference& difference = *arm.differences[f];
  const Said said = said_of(difference);
  const FindingLook look = look_of(said, report);
  IntervalTrack track;
  track.title = fmt::format("{}: {} beside {}", title_of(figure), arm.name, report.arms.front().name);
  track.description = words_of(arm, difference, figure, look.word);
  track.reference = 0;
  track.shaded = !figure.more_is_better;
  track.shaded_above = figure.more_is_better;
  IntervalMark mark;
  mark.estimate = difference.paired.difference;
  mark.interval = difference.paired.interval;
  mark.verdict = look.verdict;
  mark.hover = track.description;
  track.marks = {mark};
  draw_track(page, scale, track);
  const auto numbers = page.in("div", {{"class", "numbers"}});
  page.element("span", {{"class", "estimate"}}, difference_text(difference.paired.difference, figure)).text(" ");
  if (said == Said::unseen || said == Said::unsure) {
    page.element("span", {{"class", "note"}}, look.word);
  } else {
    draw_finding(page, look);
  }
  page.element("div", {{"class", "note"}}, difference_range(difference.paired.interval, figure));
}

void write_plot(Markup& page, const CompareReport& report, std::size_t f) {
  const ComparedFigure& figure = report.figures[f];
  const Scale scale = scale_of(report, f);
  page.element("h3", {}, title_of(figure));
  const auto list = page.in("ul", {{"class", "plot-rows gaps differences"}});
  for (std::size_t arm = 1; arm < report.arms.size(); ++arm) write_row(page, report, report.arms[arm], f, scale);
  const double unit = figure.unit == "number" ? 1 : 100;
  const Scale shown{unit * scale.low, unit * scale.high};
  const int digits = tick_digits(ticks(shown, 4));
  write_axis_row(
      page, scale, [&](double value) { return tick_text(unit * value, digits); }, unit == 1 ? "" : "points");
}

}  // namespace

void write_compare_plots(Markup& page, const CompareReport& report) {
  const auto section = page.in("section", {{"id", "plots"}, {"aria-labelledby", "plots-title"}});
  page.element("h2", {{"id", "plots-title"}}, "Differences");
  if (report.arms.size() < 2) {
    page.element("p", {}, "There is no second arm.");
    return;
  }
  page.element("p", {{"class", "intro"}},
               fmt::format("To {} with the same seeds. On the shaded side of 0 an arm is better; an interval that "
                           "stands wholly there, or "
                           "wholly on the other side, is a difference, if there are not too many others: "
                           "the words count them.",
                           report.arms.front().name));
  for (std::size_t f = 0; f < report.figures.size(); ++f) write_plot(page, report, f);
}

}  // namespace equipoise::report
