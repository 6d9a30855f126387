#pragma once

#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/report/markup.h"

namespace equipoise::report {

/// Predicted probability against the share of positives, one dot a bin, above a histogram of the bins' rows.
void draw_reliability_plot(Markup& page, const std::vector<evaluation::CalibrationBin>& bins);

}  // namespace equipoise::report
