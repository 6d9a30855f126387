#pragma once

#include <string>

#include "engine/cli/run_folder.h"
#include "engine/cli/run_writer.h"
#include "engine/core/journal.h"

namespace equipoise::cli {

/// The trackers that the run's config asks for begin; those of a member go with its bank's.
void track_run(RunFolder& folder, const RunInputs& inputs, core::Journal& journal);

/// The same for the folder of a bank or a comparison, before its members' are.
void track_runs_of(RunFolder& folder, const training::RunConfig& config, const std::string& command,
                   const ConfigFile& file, core::Journal& journal);

/// Tells the folder's trackers how it ended, once all its files are written.
void end_tracking(const RunFolder& folder, tracking::RunEnd end, core::Journal& journal);

/// Tells them that it is interrupted and will go on, and does not wait: what a server does not have by then it gets from the run that goes on.
void stop_tracking(const RunFolder& folder, core::Journal& journal);

/// What trackers are told when the run begins.
tracking::RunFacts tracking_facts(const RunFolder& folder, const RunInputs& inputs);

/// Every plain value of a config, and every list of them, by its path. What cannot change a run (output, tracking) and
/// other runs' settings (compare) are left out.
std::vector<tracking::Setting> settings_of(training::RunConfig config);

}  // namespace equipoise::cli
