// A sweep's folder on disk: made once, gone on with later.
#pragma once

#include <filesystem>
#include <optional>

#include "engine/sweep/planning.h"

namespace equipoise::sweep {

/// What an earlier start of a sweep left there; nothing where there is no such folder or it is empty. Throws UserError (config) for a
/// folder that holds something else.
std::optional<Earlier> earlier_of(const std::filesystem::path& folder);

/// Whether a file (both absolute) is, or would be, one that the sweep in this folder has for itself, or for its report.
bool is_own_file(const std::filesystem::path& file, const std::filesystem::path& folder);

/// Makes the folder and those in it, and writes what was asked for, the config and the plan. Throws UserError (data).
void write_folder(const Request& request, const Planning& planning, const std::filesystem::path& folder);

}  // namespace equipoise::sweep
