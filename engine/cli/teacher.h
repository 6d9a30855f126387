#pragma once

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/prepare.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// Where data.teacher names a finished run: its model's scores of the prepared rows, which it encodes in its own way. Warns where the run's splits
/// were others. Throws UserError (data), at data.teacher.run, for a folder that is no run, has no model, or predicts something else.
void score_by_teacher(const training::RunConfig& config, const config::Origin& origin, data::Prepared& prepared,
                      core::Journal& journal);

}  // namespace equipoise::cli
