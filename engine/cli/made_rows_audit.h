#pragma once

#include <optional>

#include "engine/audit/artifacts.h"
#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/training/run_config.h"
#include "engine/training/synthesis.h"

namespace equipoise::cli {

/// Compares a sample of the rows that the config's recipes make with the training rows, and with those of the selection split, of which none
/// are made; nothing where no recipe makes rows of a table. Says where mixed rows or pictures are left out. Warns of cells that are harmful
/// or to be looked at. Throws UserError (data) where one is harmful and sampling.artifacts.on_artifacts says stop.
std::optional<audit::ArtifactAudit> audit_made_rows(const training::RunConfig& config, const data::Dataset& dataset,
                                                    const config::Origin& origin, core::Journal& journal);

/// The same, of recipes whose neighbours and the like have been found for drawing from them.
std::optional<audit::ArtifactAudit> audit_made_rows(const training::RunConfig& config, const data::Dataset& dataset,
                                                    const training::Synthesis& synthesis, core::Journal& journal);

}  // namespace equipoise::cli
