#pragma once

#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/report/groupings.h"
#include "engine/report/markup.h"
#include "engine/report/report.h"

namespace equipoise::report {

/// The groups of a split, by the figures of their one outcome or of one of several.
struct MeasuredGroups {
  const Report& report;
  const evaluation::SplitResult& split;
  const std::vector<evaluation::GroupMetrics>& groups;
  std::string outcome;  ///< "" where there is one
};

/// Selection rate, true and false positive rate of a grouping's levels, a plot each, side by side where there is room.
/// `caption` stands after each rate's name: " by sex".
void draw_rates(Markup& page, const MeasuredGroups& measured, const GroupingRows<evaluation::GroupMetrics>& grouping,
                const std::string& caption);

}  // namespace equipoise::report
