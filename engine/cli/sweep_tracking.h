#pragma once

#include <filesystem>
#include <optional>

#include "engine/cli/run_folder.h"
#include "engine/core/journal.h"
#include "engine/sweep/plan.h"
#include "engine/tracking/facts.h"
#include "engine/tracking/params.h"

namespace equipoise::cli {

/// The sweep whose job a run is, or whose job's bank it is a member of: its folder lies in that of the sweep's jobs. Nothing of other runs.
std::optional<tracking::SweepFacts> sweep_facts(const RunFolder& folder);

/// What the config that all jobs of a sweep start from says of MLflow. Throws UserError (data) as sweep::read_base does.
tracking::MlflowParams mlflow_of(const sweep::Plan& plan, const std::filesystem::path& folder);

/// Whether a run folder, or one of its members', has something that an MLflow server is to be told.
bool has_spool(const std::filesystem::path& run);

/// Tells the MLflow server that the sweep's own run has ended, where all of its jobs have come to an end, whoever did them. The parts that were sent, and
/// that are left. Throws UserError where another process is at it, or its files are damaged.
tracking::SentOutboxes tell_sweep_end(const sweep::Plan& plan, const std::filesystem::path& folder,
                                      const std::string& uri, double seconds);

/// After a launch: the same, and a warning where the server has not got all of what is done. Throws nothing that a server, or
/// its files, could cause.
void end_sweep_tracking(const sweep::Plan& plan, const std::filesystem::path& folder, core::Journal& journal);

}  // namespace equipoise::cli
