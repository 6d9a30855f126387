#pragma once

#include <string>
#include <vector>

#include "engine/evaluation/measurement.h"
#include "engine/tracking/facts.h"

namespace equipoise::tracking {

/// A finite number and what it is called on every tracker: "loss/training", "gap/selection/TPR gap by sex".
struct Figure {
  std::string name;
  double value = 0;
};

/// The curves' names of promise or row `title`.
std::string gap_name(const char* rows, const std::string& title);  ///< rows: selection, driving
std::string upper_bound_name(const std::string& title);
std::string lower_bound_name(const std::string& title);
std::string tolerance_name(const std::string& title);
std::string multiplier_name(const std::string& title);

/// What one measure found. What is absent or not finite is left out.
std::vector<Figure> figures_of(const RunFacts& facts, const evaluation::Measurement& measurement);

/// What the test rows said at the end, and the speed.
std::vector<Figure> final_figures(const RunFacts& facts, const RunEnd& end);

/// Training rows a second until then; 0 at the start.
double rows_per_second(const RunFacts& facts, const evaluation::Measurement& measurement);

/// The test split's results; null where no test rows were measured.
const evaluation::SplitResult* test_results(const RunEnd& end);

/// A result of the test split beside the name of its constraint.
struct NamedResult {
  std::string constraint;
  const evaluation::ConstraintResult& result;
};
std::vector<NamedResult> test_constraints(const RunFacts& facts, const RunEnd& end);

/// The worst of the test split's verdicts as a word; "unconstrained", or "not measured" without test rows.
std::string worst_verdict(const RunEnd& end);

}  // namespace equipoise::tracking
