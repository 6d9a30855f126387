#pragma once

#include <string>

#include "engine/evaluation/evaluation.h"

namespace equipoise::report {

/// The rows that a promise is about, where they have several outcomes.
struct Within {
  std::string
      outcome;  ///< name of the class or label, or the figure of a regression; "" where it is about no one of them
  std::string control;  ///< "degree=none": the level of the control grouping
};

/// Takes "degree=none and class=high" apart, and "prediction above 0.4". `within` is that of a promise of `split`.
Within within_of(const evaluation::SplitResult& split, const std::string& within);

/// "class", "label", "figure"; "" of a binary task.
std::string outcome_noun(const evaluation::SplitResult& split);
/// "class = high"
std::string outcome_title(const evaluation::SplitResult& split, const std::string& outcome);
/// "4 classes", "1 label"
std::string counted_outcomes(const evaluation::SplitResult& split);

}  // namespace equipoise::report
