#pragma once

#include <string>
#include <vector>

#include "engine/cli/columns_file.h"
#include "engine/cli/predictions_file.h"
#include "engine/data/carried.h"

namespace equipoise::cli {

/// Throws UserError (config) for a name that --keep has twice.
void check_kept_once(const std::vector<std::string>& names);

/// Throws UserError (config) for a name of a column that predictions have themselves.
void check_kept_beside(const std::vector<std::string>& names, const Predictions& predictions);

/// Columns of the data as a file has them: whole numbers where every value is spelt as one, so that ids join with ids.
std::vector<FileColumn> kept_columns(data::Carried carried);

}  // namespace equipoise::cli
