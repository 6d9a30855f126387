#pragma once

#include <string>
#include <vector>

#include "engine/cli/saved_run.h"

namespace equipoise::cli {

/// Throws UserError (config) when `output` cannot be written because its folder is not there or it is a folder itself, or
/// is one of the files that are read: better before the work than after it.
void check_output(const std::string& output, const std::vector<std::string>& inputs);

/// Throws UserError (config) when `output` is a file that the run needs: its data, or one of its folder's own.
void check_output(const std::string& output, const SavedRun& run);

}  // namespace equipoise::cli
