// Files that configs are read from, and their neighbours' names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace equipoise::config {

/// The names of the files in a folder, sorted; of YAML files only when asked. A folder that cannot be listed has none.
std::vector<std::string> files_in(const std::filesystem::path& folder, bool only_yaml);

/// At most one byte more than a config may have (kLargestConfig): a device or a data file given by mistake is not read to its end.
/// Throws UserError (config) when it cannot be opened or read.
std::string read_start(const std::filesystem::path& path);

/// Throws UserError (config) where there is no such file, with the nearest name in its folder, or where it is a folder.
void require_file(const std::filesystem::path& path);

}  // namespace equipoise::config
