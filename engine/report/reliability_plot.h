#pragma once

#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/report/markup.h"

namespace equipoise::report {

/// Predicted probability against the share of positives, one dot a bin, above a histogram of the bins' rows.
struct ReliabilityPlot {
  std::string title;    ///< of the picture, for those who cannot see it
  std::string caption;  ///< over the plot
  std::vector<evaluation::CalibrationBin> bins;
  bool small = false;  ///< one of several, side by side
};
void draw_reliability_plot(Markup& page, const ReliabilityPlot& plot);

}  // namespace equipoise::report
