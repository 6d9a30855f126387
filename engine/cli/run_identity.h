#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/checkpoint/identity.h"
#include "engine/data/prepare.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// Of the kind of processor: sums may round otherwise on another, and a run goes on there with a warning.
inline constexpr const char* kProcessor = "processor";

/// What the checkpoints of a run belong to: the fields of the config that its model hangs on, what is in its data ("contents.files[0]", the digest of a
/// file's bytes: no part of the config, so that whoever accepts another config has not accepted other rows), the kind of device, this build.
checkpoint::Fields run_identity(const training::RunConfig& config, const data::Prepared& prepared,
                                const at::Device& device);

/// checkpoint::differences of two runs. Where the contents of all files are the same, it does not matter where they lie.
std::vector<checkpoint::Difference> differences_of_runs(const checkpoint::Fields& saved, const checkpoint::Fields& now);

/// In what the finished run in a folder is not what the config asks for: settings, and bytes of the data files but for pictures in a folder; no row is read.
/// Of a search the settings that it chose are not looked at. Throws UserError for a folder whose files cannot be read.
std::vector<checkpoint::Difference> differences_from_finished(const std::filesystem::path& run,
                                                              const training::RunConfig& config);

/// Throws UserError (config) for a word of --allow-change that no run of this config, and neither of the two, has as a field.
void check_allowed_fields(const std::vector<std::string>& allowed, const training::RunConfig& config,
                          const checkpoint::Fields& saved, const checkpoint::Fields& now);

}  // namespace equipoise::cli
