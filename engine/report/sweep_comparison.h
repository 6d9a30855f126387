#pragma once

#include <functional>
#include <vector>

#include "engine/report/compare_report.h"
#include "engine/sweep/comparison.h"

namespace equipoise::report {

/// The pair with intervals on its differences, which are corrected together (summarise in compare_summary.h). `measured` gives a run's figures with
/// and without each part of its test rows; pairs of one seed are averaged first, since they share their test rows. `seconds` and
/// device are left to the caller.
CompareReport compare_pair(const sweep::SweepResults& results, const sweep::SettingPair& pair,
                           std::vector<evaluation::ComparedFigure> figures,
                           const std::function<sweep::PartedRun(std::size_t run)>& measured);

}  // namespace equipoise::report
