#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/report/markup.h"

namespace equipoise::report {

/// One thing measured twice, with its intervals.
struct ScatterMark {
  std::string label;  ///< a few characters that stand beside it
  std::string link;   ///< "#member-3": where its row in a table is
  std::string hover;  ///< its figures in words
  double x = 0, y = 0;
  std::optional<evaluation::Interval> x_interval, y_interval;
  std::optional<double> x_bound;  ///< upper bound of x: a tick
  std::optional<double> limit;    ///< the x that was allowed: a bracket at the mark's own height
  evaluation::Verdict verdict = evaluation::Verdict::not_estimable;
  bool frames = true;  ///< whether the scales must hold it; one that they happen not to hold is not drawn
};

struct ScatterPlot {
  std::string title;
  std::string description;  ///< the figures in words, for those who cannot see the plot
  std::string x_title;      ///< x starts at 0
  std::string y_title;
  double x_unit = 0.01, y_unit = 0.01;  ///< ticks show x / x_unit: by default shares are in hundredths
  std::vector<ScatterMark> marks;
  /// One label for marks that lie on one another, from their places among the marks, ascending; without it each has its own.
  std::function<std::string(const std::vector<std::size_t>& marks)> joined_label;
  std::vector<double> limits;  ///< upright dashed lines, with their values above; one alone is shaded up to it
};

/// A figure with scales, marks and their labels, in the width there is. Labels are kept apart, for a wide page and for
/// a narrow one; where there is no room a label is left out. Returns the labels of the marks outside the scales.
std::vector<std::string> draw_scatter_plot(Markup& page, const ScatterPlot& plot);

}  // namespace equipoise::report
