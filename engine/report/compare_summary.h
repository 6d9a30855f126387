#pragma once

#include <optional>
#include <vector>

#include "engine/report/compare_report.h"

namespace equipoise::report {

/// Fills each arm's means and differences, and the constraints' counts, from the report's runs. `parted` [runs][figures]: what
/// each run measured, empty where it did not finish. A difference is of the seeds at which both arms have the figure. All
/// differences of the comparison are corrected together (Holm 1979).
void summarise(CompareReport& report, const std::vector<std::vector<std::optional<evaluation::PartedFigure>>>& parted);

}  // namespace equipoise::report
