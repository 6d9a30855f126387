// The frontier as a file of its own, for papers.
#include <fmt/format.h>

#include <cmath>

#include "engine/report/figures.h"
#include "engine/report/sweep_frontier.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::Verdict;

constexpr double kWidth = 300, kHeight = 210;  // of a plot
constexpr double kLeft = 52, kTop = 58, kRight = 20, kBottom = 48;
constexpr double kPanelWidth = kLeft + kWidth + kRight, kPanelHeight = kTop + kHeight + kBottom;
constexpr double kKeyHeight = 44;

// Okabe and Ito (2008); shapes say the same.
const char* color_of(Verdict verdict) {
  if (verdict == Verdict::met) return "#009e73";
  if (verdict == Verdict::not_shown) return "#b87700";
  return verdict == Verdict::violated ? "#d55e00" : "#7a828c";
}

std::string shape_of(Verdict verdict) {
  if (verdict == Verdict::met) return "M-3.5 0A3.5 3.5 0 1 0 3.5 0A3.5 3.5 0 1 0 -3.5 0Z";
  if (verdict == Verdict::not_shown) return "M0 -4.5L4.5 0L0 4.5L-4.5 0Z";
  if (verdict == Verdict::violated) return "M0 -4.2L4.3 3.5H-4.3Z";
  return "M-3 0A3 3 0 1 0 3 0A3 3 0 1 0 -3 0Z";
}

std::string number(double value) {
  return fmt::format("{:.1f}", value);
}

void write_text(Markup& file, double x, double y, const char* anchor, const std::string& words, const char* size = "9",
                const char* color = "#1b1f24") {
  file.element("text",
               {{"x", number(x)}, {"y", number(y)}, {"text-anchor", anchor}, {"font-size", size}, {"fill", color}},
               words);
}

void draw_line(Markup& file, double x1, double y1, double x2, double y2, const char* color, const char* width,
               const char* dashes = "none") {
  file.empty("line", {{"x1", number(x1)},
                      {"y1", number(y1)},
                      {"x2", number(x2)},
                      {"y2", number(y2)},
                      {"stroke", color},
                      {"stroke-width", width},
                      {"stroke-dasharray", dashes}});
}

void draw_shape(Markup& file, Verdict verdict, double x, double y, bool strong) {
  const bool hollow = verdict == Verdict::not_estimable || verdict == Verdict::no_promise;
  file.empty("path", {{"d", shape_of(verdict)},
                      {"transform", fmt::format("translate({:.1f} {:.1f})", x, y)},
                      {"fill", hollow ? "#ffffff" : color_of(verdict)},
                      {"stroke", hollow ? color_of(verdict) : "#ffffff"},
                      {"stroke-width", "0.6"},
                      {"opacity", strong ? "1" : "0.45"}});
}

struct Frame {
  const FrontierFigure& figure;

  double across(double gap) const { return kWidth * figure.x.at(gap); }
  double down(double quality) const { return kHeight * (1 - figure.y.at(quality)); }
};

void draw_axes(Markup& file, const FrontierFigure& figure) {
  const Frame frame{figure};
  const std::vector<double> rows = ticks({figure.y.low / figure.y_unit, figure.y.high / figure.y_unit}, 5);
  for (const double tick : rows) {
    const double y = frame.down(tick * figure.y_unit);
    draw_line(file, 0, y, kWidth, y, "#dde1e6", "0.75");
    write_text(file, -6, y + 3, "end", tick_text(tick, tick_digits(rows)));
  }
  const std::vector<double> columns = ticks({figure.x.low / figure.x_unit, figure.x.high / figure.x_unit}, 5);
  for (const double tick : columns) {
    const double x = frame.across(tick * figure.x_unit);
    draw_line(file, x, kHeight, x, kHeight + 4, "#59616b", "0.75");
    write_text(file, x, kHeight + 15, "middle", tick_text(tick, tick_digits(columns)));
  }
  draw_line(file, 0, kHeight, kWidth, kHeight, "#59616b", "0.75");
  write_text(file, kWidth / 2, kHeight + 30, "middle", figure.x_title);
  write_text(file, -36, -10, "start", figure.y_title);
}

void draw_points(Markup& file, const FrontierFigure& figure, const FrontierPanel& panel) {
  const Frame frame{figure};
  std::string front;
  for (const FrontierPoint& point : panel.points) {
    const double x = frame.across(point.gap), y = frame.down(point.quality);
    if (point.on_front) front += fmt::format("{}{:.1f} {:.1f}", front.empty() ? "M" : "L", x, y);
    if (!point.upper_bound || !std::isfinite(*point.upper_bound) || !(panel.bounds_of_all || point.on_front)) continue;
    const char* color = point.on_front ? "#1b1f24" : "#c3c9d0";
    const double end = frame.across(*point.upper_bound);
    draw_line(file, x, y, end, y, color, "0.6");
    draw_line(file, end, y - 3, end, y + 3, color, "1");
  }
  if (front.find('L') != std::string::npos)
    file.empty("path", {{"d", front},
                        {"fill", "none"},
                        {"stroke", "#0072b2"},
                        {"stroke-width", "1.5"},
                        {"stroke-dasharray", panel.split == data::Split::test ? "5 3" : "none"}});
  for (const FrontierPoint& point : panel.points)
    draw_shape(file, point.verdict, frame.across(point.gap), frame.down(point.quality), point.on_front);
}

void draw_panel(Markup& file, const FrontierFigure& figure, const FrontierPanel& panel, double x, double y) {
  const Frame frame{figure};
  const auto group = file.in("g", {{"transform", fmt::format("translate({:.1f} {:.1f})", x + kLeft, y + kTop)}});
  write_text(file, -36, -26, "start", panel.title, "10");
  if (figure.limits.size() == 1)
    file.empty("rect", {{"x", "0"},
                        {"y", "0"},
                        {"width", number(frame.across(figure.limits.front()))},
                        {"height", number(kHeight)},
                        {"fill", "#eaf5f1"}});
  draw_axes(file, figure);
  for (const double limit : figure.limits)
    draw_line(file, frame.across(limit), 0, frame.across(limit), kHeight, "#59616b", "0.9", "3 2");
  if (panel.noise_floor)
    draw_line(file, frame.across(*panel.noise_floor), kHeight - 10, frame.across(*panel.noise_floor), kHeight,
              "#b0578d", "2");
  draw_points(file, figure, panel);
}

void draw_key(Markup& file, double y) {
  const auto group = file.in("g", {{"transform", fmt::format("translate({:.1f} {:.1f})", kLeft - 36, y)}});
  double x = 6;
  const std::pair<Verdict, double> verdicts[] = {
      {Verdict::met, 40}, {Verdict::not_shown, 66}, {Verdict::violated, 60}, {Verdict::not_estimable, 86}};
  for (const auto& [verdict, width] : verdicts) {
    draw_shape(file, verdict, x, 8, true);
    write_text(file, x + 8, 11, "start", std::string(look_of(verdict).word));
    x += width;
  }
  draw_line(file, x, 8, x + 18, 8, "#0072b2", "1.5");
  write_text(file, x + 24, 11, "start", "not dominated on the choosing rows (dashed: the same runs on the test rows)");
  draw_line(file, 6, 24, 18, 24, "#1b1f24", "0.6");
  draw_line(file, 18, 21, 18, 27, "#1b1f24", "1");
  write_text(file, 26, 27, "start", "upper bound");
  draw_line(file, 92, 19, 92, 29, "#59616b", "0.9", "3 2");
  write_text(file, 100, 27, "start", "tolerance");
  draw_line(file, 152, 20, 152, 28, "#b0578d", "2");
  write_text(file, 160, 27, "start", "what exactly equal rates would show by chance");
}

}  // namespace

std::string frontier_svg(const sweep::SweepResults& results, const std::vector<FrontierFigure>& figures) {
  std::size_t columns = 1;
  for (const FrontierFigure& figure : figures) columns = std::max(columns, figure.panels.size());
  // The key needs the width of two panels.
  const double width = std::max(columns, std::size_t{2}) * kPanelWidth;
  const double height = static_cast<double>(figures.size()) * (kPanelHeight + 22) + kKeyHeight;
  Markup file;
  file.verbatim("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  {
    const auto svg =
        file.in("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                        {"width", fmt::format("{:.0f}pt", width)},
                        {"height", fmt::format("{:.0f}pt", height)},
                        {"viewBox", fmt::format("0 0 {:.0f} {:.0f}", width, height)},
                        {"font-family", "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"}});
    file.element("title", {}, results.plan.name.empty() ? "Frontier of a sweep" : results.plan.name);
    file.empty("rect", {{"width", "100%"}, {"height", "100%"}, {"fill", "#ffffff"}});
    double y = 0;
    for (const FrontierFigure& figure : figures) {
      write_text(file, kLeft - 36, y + 16, "start", figure.title, "11");
      for (std::size_t i = 0; i < figure.panels.size(); ++i)
        draw_panel(file, figure, figure.panels[i], static_cast<double>(i) * kPanelWidth, y + 6);
      y += kPanelHeight + 22;
    }
    draw_key(file, y);
  }
  return file.take();
}

}  // namespace equipoise::report
