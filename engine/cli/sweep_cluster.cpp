#include "engine/cli/sweep_cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/cli/shell_words.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/sweep/folder.h"
#include "engine/sweep/kubernetes.h"
#include "engine/sweep/slurm.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

core::UserError usage(const std::string& what) {
  return core::UserError(core::Fault::config, what);
}

fs::path place_of(const fs::path& file) {
  std::error_code error;
  return fs::weakly_canonical(fs::absolute(file, error), error);
}

void check_file(const char* option, const std::string& file, const fs::path& asked, const fs::path& folder) {
  if (file.empty()) return;
  const bool is_asked = place_of(file) == place_of(asked);
  if (is_asked || sweep::is_own_file(place_of(file), folder))
    throw usage(fmt::format(
        "{} is '{}', which {} and would be overwritten: name another file", option, file,
        is_asked ? "says what the sweep is" : "is the sweep's own, in its folder '" + folder.string() + "',"));
}

// A task sees the GPUs that it was given as 0, 1, ...
void check_devices(const std::set<std::string>& devices) {
  for (const std::string& device : devices)
    if (device.starts_with("cuda:"))
      throw usage(
          fmt::format("device: '{}' is a GPU by its number, and a task of a cluster sees the one that it was given as "
                      "cuda:0, whichever that is: say device: cuda",
                      device));
}

std::string mount_of(const ClusterOptions& options, const fs::path& folder) {
  return options.mount.empty() ? folder.string() : options.mount;
}

}  // namespace

std::set<std::string> devices_of(const sweep::Plan& plan, const std::string& of_config) {
  std::set<std::string> devices;
  for (const sweep::PlannedRun& run : plan.runs) {
    const sweep::Value* device = sweep::value_of(run.point, "device");
    devices.insert(device != nullptr && device->is_string() ? device->get<std::string>() : of_config);
  }
  return devices;
}

void check_cluster_options(const ClusterOptions& options) {
  const std::pair<const char*, bool> of_kubernetes[] = {{"--image", options.image != ClusterOptions::kImage},
                                                        {"--claim", options.claim != ClusterOptions::kClaim},
                                                        {"--mount", !options.mount.empty()}};
  for (const auto& [option, is_given] : of_kubernetes)
    if (is_given && options.kubernetes.empty())
      throw usage(fmt::format("{} is for the file of --kubernetes, which is not asked for", option));
  if (options.largest_array && options.slurm.empty())
    throw usage("--max-array-size is for the file of --slurm, which is not asked for");
  if (options.kubernetes.empty()) return;
  if (!options.slurm.empty() && place_of(options.slurm) == place_of(options.kubernetes))
    throw usage(fmt::format("--slurm and --kubernetes are both '{}', and each writes a file of its own: name two",
                            options.kubernetes));
  sweep::check_kubernetes_words(options.image, options.claim);
}

void check_cluster_files(const ClusterOptions& options, const std::set<std::string>& devices, const fs::path& asked,
                         const fs::path& folder) {
  if (!options.any()) return;
  check_file("--slurm", options.slurm, asked, folder);
  check_file("--kubernetes", options.kubernetes, asked, folder);
  check_devices(devices);
  if (!options.kubernetes.empty()) sweep::check_kubernetes_mount(mount_of(options, folder), folder.string());
}

void write_cluster_files(const ClusterOptions& options, const std::set<std::string>& devices, const sweep::Plan& plan,
                         const fs::path& folder, const fs::path& program, std::size_t at_a_time, const Console& console,
                         core::Journal& journal) {
  const bool wants_gpu = devices.contains("cuda");
  if (!wants_gpu && devices.contains("auto"))
    journal.say(
        "No GPU is asked for, as device: auto also trains without one. Say device: cuda where each task is to have "
        "one.");
  nlohmann::ordered_json json = {{"folder", folder.string()}};
  if (!options.slurm.empty()) {
    const std::string command = shell_line({program.string(), "sweep", folder.string()});
    const std::size_t largest =
        options.largest_array ? *options.largest_array : sweep::largest_slurm_array().value_or(1001);
    core::write_file_atomically(options.slurm,
                                sweep::slurm_script({plan.name, command, (folder / sweep::sweep_files::kLogs).string(),
                                                     plan.jobs.size(), at_a_time, largest, wants_gpu}));
    console.print(fmt::format("\nslurm   sbatch {}\n", options.slurm));
    json["slurm"] = options.slurm;
  }
  if (!options.kubernetes.empty()) {
    core::write_file_atomically(options.kubernetes, sweep::kubernetes_job({plan.name,
                                                                           options.image,
                                                                           options.claim,
                                                                           mount_of(options, folder),
                                                                           {"equipoise", "sweep", folder.string()},
                                                                           plan.jobs.size(),
                                                                           at_a_time,
                                                                           wants_gpu},
                                                                          folder.string()));
    console.print(fmt::format("\nkubernetes  kubectl create -f {}\n", options.kubernetes));
    json["kubernetes"] = options.kubernetes;
  }
  console.print_json(json);
}

}  // namespace equipoise::cli
