#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/markup.h"
#include "engine/report/scale.h"
#include "engine/sweep/frontier.h"

namespace equipoise::report {

/// One run in the plane of gap and quality, on the rows of one split.
struct FrontierPoint {
  std::size_t run = 0;
  double gap = 0, quality = 0;
  std::optional<double> upper_bound;
  evaluation::Verdict verdict = evaluation::Verdict::not_estimable;
  bool on_front = false;  ///< not dominated on the choosing rows
};

/// One constraint on one split: what the page and the picture for papers both draw.
struct FrontierPanel {
  data::Split split = data::Split::test;
  std::string title;
  std::vector<FrontierPoint> points;  ///< that are drawn; those of the front last, by ascending gap
  std::size_t measured = 0;           ///< runs with both figures, drawn or not
  std::size_t outside = 0;            ///< of them, those far from all others, which the scales leave out
  std::optional<double> noise_floor;  ///< the median over runs
  bool bounds_of_all = false;         ///< few points: each shows its upper bound, else those of the front alone
};

/// One constraint on the rows by which runs are chosen, and on the test rows, under the same scales.
struct FrontierFigure {
  std::string title, x_title, y_title;
  std::string unit;                     ///< of the constraint
  double x_unit = 0.01, y_unit = 0.01;  ///< ticks show x / x_unit
  Scale x, y;
  std::vector<double> limits;  ///< tolerances that are drawn: where there are few
  std::size_t tolerances = 0;  ///< that there are
  std::vector<FrontierPanel> panels;
};

/// Nothing where no run has both figures.
std::optional<FrontierFigure> frontier_figure(const sweep::SweepResults& results, const sweep::SweepFindings& findings,
                                              std::size_t constraint);

/// The figure in the page, with a legend and the words about what is not drawn.
void draw_frontier(Markup& page, const sweep::SweepResults& results, const FrontierFigure& figure);

/// A file of its own for papers: black on white, lengths in points, a row for each figure.
std::string frontier_svg(const sweep::SweepResults& results, const std::vector<FrontierFigure>& figures);

/// What a pointer on a point reveals: its settings and figures.
std::string point_words(const sweep::SweepResults& results, const FrontierFigure& figure, const FrontierPoint& point);

}  // namespace equipoise::report
