#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "engine/cli/console.h"
#include "engine/core/journal.h"
#include "engine/sweep/plan.h"

namespace equipoise::cli {

/// What of the command line is about files for a cluster.
struct ClusterOptions {
  static constexpr const char *kImage = "equipoise:latest", *kClaim = "equipoise";

  std::string slurm, kubernetes;  ///< files that are asked for; "": not
  std::string image = kImage, claim = kClaim;
  std::string mount;                         ///< where pods see the claim; "": the sweep's folder
  std::optional<std::size_t> largest_array;  ///< Slurm's MaxArraySize; nothing: what scontrol says

  bool any() const { return !slurm.empty() || !kubernetes.empty(); }
};

/// What the runs of a plan compute on, as their settings say it: `of_config` where no axis does.
std::set<std::string> devices_of(const sweep::Plan& plan, const std::string& of_config);

/// Before anything is planned. Throws UserError (config) for an option without the one that reads it, for one file for
/// both, and for words that Kubernetes does not take.
void check_cluster_options(const ClusterOptions& options);

/// Before anything is written. Throws UserError (config) for a file that the sweep itself needs (`asked`: the sweep
/// file or the config), a mount that Kubernetes does not take or that the folder is not in, and a GPU by its number,
/// which means another one to each task.
void check_cluster_files(const ClusterOptions& options, const std::set<std::string>& devices,
                         const std::filesystem::path& asked, const std::filesystem::path& folder);

/// The files for the sweep in `folder`, and how they are handed in. `program` does a task of Slurm; `at_a_time` 0: as
/// many as there is room for.
void write_cluster_files(const ClusterOptions& options, const std::set<std::string>& devices, const sweep::Plan& plan,
                         const std::filesystem::path& folder, const std::filesystem::path& program,
                         std::size_t at_a_time, const Console& console, core::Journal& journal);

}  // namespace equipoise::cli
