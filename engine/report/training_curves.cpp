#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/evaluation/quality.h"
#include "engine/report/figures.h"
#include "engine/report/line_chart.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

constexpr std::size_t kShownPromises = 6;
constexpr std::size_t kLabelledMultipliers = 5;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

template <typename Value>
std::vector<Point> curve(const Report& report, Value value) {
  std::vector<Point> points;
  points.reserve(report.measurements.size());
  for (const Measurement& measurement : report.measurements) {
    if (std::isfinite(measurement.epoch)) points.push_back({measurement.epoch, value(measurement)});
  }
  return points;
}

/// The same of a figure of the selection rows, over the measures that they were part of.
template <typename Value>
std::vector<Point> selection_curve(const Report& report, Value value) {
  std::vector<Point> points;
  for (const Measurement& m : report.measurements)
    if ((m.selection_loss || m.selection_accuracy) && std::isfinite(m.epoch)) points.push_back({m.epoch, value(m)});
  return points;
}

double value_at(const std::vector<std::optional<double>>& values, std::size_t i) {
  return i < values.size() ? values[i].value_or(kNone) : kNone;
}

bool drawn(const Series& series) {
  return std::any_of(series.points.begin(), series.points.end(), [](const Point& p) { return std::isfinite(p.y); });
}

void add(LineChart& chart, Series series) {
  if (drawn(series)) chart.series.push_back(std::move(series));
}

/// "Training: 84.1 % at the start, 86.2 % at the end. Selection: ..."
std::string first_and_last(const LineChart& chart) {
  std::string words;
  for (const Series& series : chart.series) {
    const auto finite = [](const Point& point) { return std::isfinite(point.y); };
    const auto first = std::find_if(series.points.begin(), series.points.end(), finite);
    const auto last = std::find_if(series.points.rbegin(), series.points.rend(), finite);
    if (first == series.points.end()) continue;
    words +=
        fmt::format("{}: {} at the start, {} at the end. ", series.name, chart.y_word(first->y), chart.y_word(last->y));
  }
  return words;
}

/// Marks the kept iterate, so that every chart of training shows the same moment.
void mark_kept(LineChart& chart, const Report& report) {
  if (!report.kept_step) return;
  for (const Measurement& measurement : report.measurements) {
    if (measurement.step == *report.kept_step) {
      chart.moments.push_back({measurement.epoch, "kept"});
      return;
    }
  }
}

void draw_if_any(Markup& page, const Report& report, LineChart chart) {
  if (chart.series.empty()) return;
  chart.x_title = "epoch";
  chart.x = Scale{0, std::max(1e-9, chart.series.front().points.back().x)};
  mark_kept(chart, report);
  chart.description = first_and_last(chart);
  draw_line_chart(page, chart);
}

/// What training makes small, by the task.
std::string loss_title(const Report& report) {
  const evaluation::SplitResult* split = headline_split(report);
  if (split && is_regression(*split)) return "Loss, in standardised units";
  return split && split->task == "labels" ? "Log loss, mean over the labels" : "Log loss";
}

std::string accuracy_title(const Report& report) {
  const evaluation::SplitResult* split = headline_split(report);
  return split && split->task == "labels" ? "Mean accuracy over the labels, %" : "Accuracy, %";
}

void write_quality(Markup& page, const Report& report) {
  const auto pair = page.in("div", {{"class", "charts"}});
  LineChart accuracy;
  accuracy.title = accuracy_title(report);
  accuracy.y_word = [](double value) { return percent_text(value); };
  accuracy.y_unit = 0.01;
  add(accuracy, {"training rows", curve(report, [](const Measurement& m) { return m.training_accuracy; }), 0,
                 Stroke::solid, false, false});
  add(accuracy, {"selection rows",
                 selection_curve(report, [](const Measurement& m) { return m.selection_accuracy.value_or(kNone); }), 1,
                 Stroke::dashed, false, false});
  draw_if_any(page, report, std::move(accuracy));
  LineChart loss;
  loss.title = loss_title(report);
  loss.y_word = [](double value) { return decimal_text(value, 4); };
  add(loss, {"training rows", curve(report, [](const Measurement& m) { return m.training_loss; }), 0, Stroke::solid,
             false, false});
  add(loss,
      {"selection rows", selection_curve(report, [](const Measurement& m) { return m.selection_loss.value_or(kNone); }),
       1, Stroke::dashed, false, false});
  draw_if_any(page, report, std::move(loss));
}

/// The unit of promise i, as the evaluation lists the promises in the same order.
std::string unit_of(const Report& report, std::size_t i) {
  const evaluation::SplitResult* split = headline_split(report);
  if (!split) return "points";
  for (const evaluation::ConstraintResult& constraint : split->constraints) {
    if (i < constraint.promises.size()) return constraint.promises[i].unit;
    i -= constraint.promises.size();
  }
  return "points";
}

void draw_gap(Markup& page, const Report& report, std::size_t i) {
  const std::string unit = unit_of(report, i);
  LineChart chart;
  chart.title = at_the_start(spelt_out(report.promise_titles[i])) + (unit == "floor" ? ", one minus it" : "") +
                (unit == "number" ? "" : ", " + sign_of(unit));
  chart.y_word = [unit](double value) { return figure_text(value, unit); };
  chart.y_unit = unit == "number" ? 1 : 0.01;
  chart.from_zero = true;
  add(chart, {"rows that drive the multipliers",
              curve(report, [i](const Measurement& m) { return value_at(m.training_gaps, i); }), 0, Stroke::solid,
              false, false});
  add(chart,
      {"selection rows", selection_curve(report, [i](const Measurement& m) { return value_at(m.selection_gaps, i); }),
       1, Stroke::dashed, false, false});
  add(chart, {"upper bound, selection",
              selection_curve(report, [i](const Measurement& m) { return value_at(m.selection_bounds, i); }), 3,
              Stroke::dotted, false, false});
  if (i < report.promise_tolerances.size() && std::isfinite(report.promise_tolerances[i])) {
    chart.levels.push_back({report.promise_tolerances[i], "tolerance"});
  }
  draw_if_any(page, report, std::move(chart));
}

/// How much of its tolerance a promise takes up in the end: by its bound on the selection rows, or else by its gap.
double end_over_tolerance(const Report& report, std::size_t i) {
  const Measurement& last = report.measurements.back();
  std::optional<double> figure;
  for (const auto* list : {&last.selection_bounds, &last.selection_gaps, &last.training_gaps}) {
    if (!figure && i < list->size()) figure = (*list)[i];
  }
  if (!figure || i >= report.promise_tolerances.size()) return 0;
  const double tolerance = report.promise_tolerances[i];
  return std::isfinite(*figure) && tolerance > 0 && std::isfinite(tolerance) ? *figure / tolerance : 0;
}

/// The promises as they are; of more than are shown those first that ended furthest outside, or nearest to it.
std::vector<std::size_t> nearest_first(const Report& report) {
  std::vector<std::size_t> order(report.promise_titles.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (order.size() > kShownPromises)
    std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return end_over_tolerance(report, i); });
  return order;
}

void write_gap_curves(Markup& page, const Report& report) {
  const std::size_t promises = report.promise_titles.size();
  if (promises == 0) return;
  page.element("h3", {}, "Gaps over training");
  const bool was_chosen =
      std::ranges::any_of(report.measurements, [](const Measurement& m) { return m.selection_loss.has_value(); });
  page.element("p", {{"class", "intro"}},
               fmt::format("The multipliers are driven by the exact gap{}. {}",
                           was_chosen ? "; the model is chosen by the upper bound on the selection rows" : "",
                           report.measured_on));
  const std::vector<std::size_t> order = nearest_first(report);
  {
    const auto charts = page.in("div", {{"class", "charts"}});
    for (std::size_t i = 0; i < std::min(promises, kShownPromises); ++i) draw_gap(page, report, order[i]);
  }
  if (promises <= kShownPromises) return;
  const auto rest = page.in("details");
  page.element("summary", {}, fmt::format("{} more, which ended further inside", promises - kShownPromises));
  const auto charts = page.in("div", {{"class", "charts"}});
  for (std::size_t i = kShownPromises; i < promises; ++i) draw_gap(page, report, order[i]);
}

double last_multiplier(const Report& report, std::size_t j) {
  const std::vector<double>& values = report.measurements.back().multipliers;
  return j < values.size() && std::isfinite(values[j]) ? values[j] : 0;
}

/// A distance, which has no sense of direction: of a floor as of a share.
std::string swing_text(double amplitude, const std::string& unit) {
  return figure_text(amplitude, unit == "floor" ? "share" : unit);
}

/// What had not come to rest at the end.
void write_swings(Markup& page, const Report& report) {
  if (!report.gap_swing || !report.multiplier_swing) return;
  const auto& titles = report.promise_titles;
  const auto promise = std::find(titles.begin(), titles.end(), report.gap_swing->title) - titles.begin();
  page.element("p", {{"class", "intro"}},
               fmt::format("Over the last {} the {} moved the most of all gaps, by {} to either side with {}; of the "
                           "multipliers {} did, by {} with {}.",
                           counted(report.swing_measures, "measure"), spelt_out(report.gap_swing->title),
                           swing_text(report.gap_swing->amplitude, unit_of(report, static_cast<std::size_t>(promise))),
                           counted(report.gap_swing->turns, "turn"), spelt_out(report.multiplier_swing->title),
                           decimal_text(report.multiplier_swing->amplitude, 3),
                           counted(report.multiplier_swing->turns, "turn")));
}

void write_multipliers(Markup& page, const Report& report) {
  const std::size_t rows = report.multiplier_titles.size();
  if (rows == 0) return;
  std::vector<std::size_t> order(rows);
  for (std::size_t j = 0; j < rows; ++j) order[j] = j;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return last_multiplier(report, a) > last_multiplier(report, b);
  });
  LineChart chart;
  chart.title = "Multiplier of each row of the constraints";
  chart.y_word = [](double value) { return decimal_text(value, 3); };
  chart.from_zero = true;
  int color = 0;
  for (const std::size_t j : order) {
    const bool labelled = static_cast<std::size_t>(color) < kLabelledMultipliers && last_multiplier(report, j) > 0;
    Series series{
        spelt_out(report.multiplier_titles[j]),
        curve(report, [&](const Measurement& m) { return j < m.multipliers.size() ? m.multipliers[j] : kNone; }),
        color,
        static_cast<Stroke>(color % 3),
        !labelled,
        labelled};
    if (labelled) ++color;
    add(chart, std::move(series));
  }
  page.element("h3", {}, "Multipliers over training");
  page.element(
      "p", {{"class", "intro"}},
      fmt::format("A multiplier is the price of breaking one side of a constraint: it rises while that side is "
                  "broken and falls when it is not. {}",
                  color == 0 ? "All are 0 at the end: no constraint was binding then."
                             : "The largest at the end are named; grey lines are the others. One that still "
                               "moves at the end has not settled."));
  draw_if_any(page, report, std::move(chart));
  write_swings(page, report);
}

}  // namespace

void write_training(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "training"}, {"aria-labelledby", "training-title"}});
  page.element("h2", {{"id", "training-title"}}, "Training");
  page.element("p", {{"class", "intro"}},
               fmt::format("{} in {}, {} rows per second. {}", counted(report.steps, "step"),
                           duration_text(report.training_seconds),
                           count_text(std::isfinite(report.rows_per_second) ? std::llround(report.rows_per_second) : 0),
                           report.kept_step ? "The upright line marks the model that was kept." : ""));
  if (report.measurements.empty()) {
    page.element("p", {}, "No measurement was taken during training.");
    return;
  }
  write_quality(page, report);
  write_gap_curves(page, report);
  write_multipliers(page, report);
}

}  // namespace equipoise::report
