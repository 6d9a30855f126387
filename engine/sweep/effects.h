#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/compared_figures.h"
#include "engine/sweep/results.h"

namespace equipoise::sweep {

/// The figures that effects are about: the quality, then the gap of each constraint.
std::vector<evaluation::ComparedFigure> sweep_figures(const SweepResults& results);
/// One run's figure on a split.
std::optional<double> figure_of(const SweepResults& results, std::size_t run, const evaluation::ComparedFigure& figure,
                                data::Split split);

/// A value of an axis, or a range of values.
struct EffectLevel {
  std::string value;
  std::size_t runs = 0;        ///< that the mean is of
  std::optional<double> mean;  ///< of the figure
  std::optional<evaluation::Interval> interval;
};

/// What an axis does to a figure.
///
/// Paired, where enough of the design is a product: a block is all runs that differ in the axis alone, and counts if it has every
/// value. With y_bv the figure of value v in block b and bars for means, the effect of v is the mean over blocks of y_bv - ybar_b, its
/// mean the mean of all blocks plus that. The interval is over seeds: effects are averaged over the blocks of each seed, and of these
/// means a Student's interval is taken; where `seed` varies, runs of one value of it share their split and count as one. With fewer
/// than three seeds, or none that differ, there is none.
///
/// Not paired, where the axis is drawn at random: plain means over the runs of each value, or of each of five ranges that hold
/// equally many; the interval is Student's over the seeds' means too where there are several, else over runs.
struct AxisEffect {
  std::string title;  ///< of the axis: "tolerance"
  std::size_t figure = 0;
  bool paired = false;
  bool over_runs = false;  ///< intervals are over runs
  std::size_t blocks = 0;  ///< paired: that count
  std::size_t seeds = 0;   ///< that intervals are over
  std::vector<EffectLevel> levels;
};

/// For each figure, and each axis that has several values among the finished runs that have the figure.
std::vector<AxisEffect> effects_of(const SweepResults& results, const std::vector<evaluation::ComparedFigure>& figures,
                                   data::Split split);

}  // namespace equipoise::sweep
