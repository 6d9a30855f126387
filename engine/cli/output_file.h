#pragma once

#include <string>
#include <vector>

namespace equipoise::cli {

/// Throws UserError (config) when `output` cannot be written because its folder is not there, or is one of the files
/// that are read: better before the work than after it.
void check_output(const std::string& output, const std::vector<std::string>& inputs);

}  // namespace equipoise::cli
