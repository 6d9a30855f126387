#pragma once

#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/report/markup.h"
#include "engine/report/report.h"

namespace equipoise::report {

/// The body of the section on groups where rows have several outcomes: accuracy per group, then the rates of each class
/// or label.
void write_outcome_groups(Markup& page, const Report& report, const evaluation::SplitResult& split);
/// The same of a regression: means and errors per group.
void write_regression_groups(Markup& page, const Report& report, const evaluation::SplitResult& split);

/// A row of a table with the columns n, base rate, selection rate, TPR, FPR, PPV, accuracy and AUC.
std::vector<std::string> figures_of(const evaluation::GroupMetrics& group, const std::string& name);

}  // namespace equipoise::report
