#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/markup.h"
#include "engine/report/scale.h"

namespace equipoise::report {

struct Point {
  double x = 0;
  double y = 0;  ///< not finite: the line breaks here
};

enum class Stroke { solid, dashed, dotted };

struct Series {
  std::string name;
  std::vector<Point> points;      ///< x ascending
  int color = 0;                  ///< index into the page's series colours
  Stroke stroke = Stroke::solid;  ///< tells series apart without colour
  bool muted = false;             ///< grey, without a label: one of the many
  bool labelled_at_end = false;   ///< its name stands at its last point
};

/// A line across the chart that means something: a tolerance, the kept iterate, the threshold in use.
struct Guide {
  double at = 0;
  std::string name;
};

struct LineChart {
  std::string title;
  std::string description;  ///< the figures in words, for those who cannot see the chart
  std::string x_title;
  std::function<std::string(double)> y_word;  ///< a value in full: "86.1 %"
  double y_unit = 1;                          ///< ticks show y / y_unit
  std::vector<Series> series;
  std::vector<Guide> levels;      ///< horizontal
  bool levels_in_legend = false;  ///< their names stand there: where no place in the plot is free of lines
  std::vector<Guide> moments;     ///< vertical
  std::optional<Scale> x;         ///< absent: what the points need
  bool from_zero = false;         ///< the y scale starts at 0
  bool legend = true;
};

/// A figure with caption, scales, lines, hover values and legend, in the width there is.
void draw_line_chart(Markup& page, const LineChart& chart);

/// At most `most` points that keep every peak: the lowest and the highest of each stretch.
std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most);

}  // namespace equipoise::report
