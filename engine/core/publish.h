#pragma once

#include <filesystem>

namespace equipoise::core {

/// Gives the file `own`, written before, the name `file` as well, unless that is taken: of several processes, on one host or on several that
/// share the disk, one succeeds. 0, or the error's number (EEXIST: it was taken). It appears whole, by a link; on a disk without links it is made
/// for one process alone (O_EXCL) and then written, and whoever reads it meanwhile finds a part.
int publish(const std::filesystem::path& own, const std::filesystem::path& file);

}  // namespace equipoise::core
