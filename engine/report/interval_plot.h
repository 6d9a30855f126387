#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/report/markup.h"
#include "engine/report/scale.h"

namespace equipoise::report {

/// A dot with its interval. Without an estimate nothing is drawn but the words of the row.
struct IntervalMark {
  std::optional<double> estimate;
  std::optional<evaluation::Interval> interval;
  std::optional<double> upper_bound;           ///< a tick
  std::optional<evaluation::Verdict> verdict;  ///< gives the dot its shape; absent: a plain dot
  bool hollow = false;                         ///< rests on too few rows
  bool lighter = false;                        ///< a second, less important measure
  std::string hover;                           ///< what a pointer reveals
};

/// One row of a dot-and-interval plot: a strip of fixed height and whatever width there is.
struct IntervalTrack {
  std::string title;        ///< of the picture, for those who cannot see it
  std::string description;  ///< its figures in words
  std::vector<IntervalMark> marks;
  std::optional<double> reference;    ///< a dashed line: the tolerance, or the rate over everyone
  std::optional<double> noise_floor;  ///< a short tick at the foot
  bool shaded = false;                ///< shade from the low end to the reference: where a gap is allowed
  bool shaded_above = false;          ///< shade from the reference to the high end
};

/// Draws the track as an SVG of its own, so that rows of a page's grid line up under one scale.
void draw_track(Markup& page, const Scale& scale, const IntervalTrack& track);

/// The scale under the tracks, with a word for each tick.
void draw_track_axis(Markup& page, const Scale& scale, const std::function<std::string(double)>& word);

/// The last row of a list of tracks with labels: their scale, and its unit where the tracks have their figures.
void write_axis_row(Markup& page, const Scale& scale, const std::function<std::string(double)>& word,
                    const std::string& unit = "");

}  // namespace equipoise::report
