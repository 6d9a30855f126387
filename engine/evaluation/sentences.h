#pragma once

#include <string>

#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// What the result of a constraint means, for a person: its decisive promise in full, the others in short.
std::string sentence_of(const ConstraintResult& result, const std::string& split, double confidence,
                        std::int64_t min_rows);

}  // namespace equipoise::evaluation
