#pragma once

#include <vector>

#include "engine/audit/inputs.h"
#include "engine/audit/reference.h"
#include "engine/audit/results.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

/// Fills what counting tells: rows, shares, answers.
void count(const data::Dataset& dataset, const std::vector<Input>& inputs, const std::vector<Answer>& answers,
           const Reference& reference, const AuditParams& params, Audit& audit);

}  // namespace equipoise::audit
