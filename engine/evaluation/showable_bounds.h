#pragma once

#include <optional>
#include <string>

#include "engine/evaluation/better_model.h"

namespace equipoise::evaluation {

/// The warning of a bound on single rates, or of a weighted sum that is not 0 where rates are equal: by a model halfway between
/// it and the best figure there is. Nothing where that would be shown, or where it is not known.
std::optional<std::string> warning_of_bound(const Question& question);
std::optional<std::string> warning_of_sum(const Question& question);

}  // namespace equipoise::evaluation
