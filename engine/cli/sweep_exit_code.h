#pragma once

#include <filesystem>

#include "engine/sweep/launch.h"
#include "engine/sweep/plan.h"

namespace equipoise::cli {

/// What a sweep that came to this end tells a shell (docs/guides/sweep.md has the table). A task of a cluster came to its end whatever became of
/// its runs, and is not to be done again. Throws UserError (data) where the note of a failure cannot be read.
int exit_code_of(const sweep::Tally& tally, const sweep::Plan& plan, const std::filesystem::path& folder, bool is_task);

}  // namespace equipoise::cli
