#pragma once

#include <vector>

#include "engine/audit/reference.h"
#include "engine/audit/results.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::audit {

/// `tables` have the promises: one table, or one for each member of a bank. `reference` may be empty. The journal is told what takes
/// long.
Audit audit(const data::Dataset& dataset, const std::vector<constraints::ConstraintTable>& tables,
            const Reference& reference, const AuditParams& params, const evaluation::EvaluationParams& evaluation,
            core::Journal& journal);

}  // namespace equipoise::audit
