#pragma once

#include "engine/audit/reference.h"
#include "engine/audit/results.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::audit {

/// `reference` may be empty. The journal is told what takes long.
Audit audit(const data::Dataset& dataset, const constraints::ConstraintTable& table, const Reference& reference,
            const AuditParams& params, const evaluation::EvaluationParams& evaluation, core::Journal& journal);

}  // namespace equipoise::audit
