#pragma once

#include <string>
#include <vector>

#include "engine/constraints/params.h"
#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// "equalized odds by sex, gap at most 0.02".
std::string constraint_title(const ConstraintParams& params);
/// A constraint's title up to what it allows, "equalized odds by sex": constraints that differ in nothing else share it.
std::string title_without_tolerance(std::string title);
/// "TPR gap by sex", "TPR ratio gap by sex", "TPR gap to sex=Male", "TPR gap to everyone by sex", "largest loss by sex",
/// "smallest TPR by sex", "TPR of everyone", "TPR of sex=Female - TPR of sex=Male"; with a control grouping
/// "... within degree=none".
std::string promise_title(const Promise& promise);

/// [P] of every promise.
std::vector<std::string> promise_titles(const ConstraintTable& table);
/// [J] of every row: "TPR sex=Female above" for the row that keeps the rate from being too high, "... below" for the
/// other; in the forms overall and reference with what it is compared with.
std::vector<std::string> row_titles(const ConstraintTable& table);

/// "sex=Female", "sex=Female and race=Black", "everyone".
std::string who(const std::vector<Condition>& where);

/// A number as people write it, to ten digits: "0.02".
std::string number_text(double value);

}  // namespace equipoise::constraints
