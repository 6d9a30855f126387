#pragma once

#include <filesystem>

namespace equipoise::cli {

/// A run that has a model and goes on keeps it until the new one is saved: all its files, its run.json and config too, so that what the model was
/// trained with stays beside it. It is a run folder of its own, `earlier` in the folder of the run.
std::filesystem::path set_aside_folder(const std::filesystem::path& run);
bool has_set_aside(const std::filesystem::path& run);

/// Puts the files of a run there as well, whole or not at all. Does nothing where the run has no model yet, and where an earlier one lies there. Throws
/// UserError (data) for a disk that does not take them.
void set_aside(const std::filesystem::path& run);

/// Removes what lies there, and what a process that was killed has left of it; what somebody else put there stays.
void remove_set_aside(const std::filesystem::path& run) noexcept;
/// The same, where the run has a model of its own again.
void remove_where_replaced(const std::filesystem::path& run) noexcept;

}  // namespace equipoise::cli
