#include "engine/sweep/slurm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/core/error.h"

namespace equipoise::sweep {

std::string slurm_script(const SlurmOptions& options) {
  if (options.logs.find_first_of("\"\n%\\") != std::string::npos)
    throw core::UserError(
        core::Fault::config,
        fmt::format("the folder '{}' cannot be written into a batch script: its name has one of \" % \\ or a "
                    "line's end",
                    options.logs));
  std::string name = options.name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char letter) { return std::isalnum(letter) == 0; }, '-');
  const std::size_t tasks = std::max<std::size_t>(1, std::min(options.jobs, options.largest_array));
  const std::string limit = options.at_a_time > 0 ? fmt::format("%{}", options.at_a_time) : "";
  std::string text = fmt::format(
      "#!/bin/bash\n"
      "#SBATCH --job-name={}\n"
      "#SBATCH --array=0-{}{}\n"
      "#SBATCH --requeue\n"
      "#SBATCH --open-mode=append\n"
      "#SBATCH --output=\"{}/slurm-%a.log\"\n"
      "#SBATCH --signal=B:TERM@120\n",
      name, tasks - 1, limit, options.logs);
  if (options.wants_gpu) text += "#SBATCH --gres=gpu:1\n";
  text += fmt::format(
      "# {} jobs by {} tasks. What else the cluster wants goes to sbatch: sbatch --time=2:00:00 --partition=... "
      "THIS_FILE\n"
      "\n"
      "{} --task \"${{SLURM_ARRAY_TASK_ID:?start this with sbatch}}/{}\" &\n"
      "sweep=$!\n"
      "signaled=1\n"
      "trap 'signaled=1; kill -TERM \"$sweep\" 2>/dev/null' TERM INT USR1\n"
      "while [ -n \"$signaled\" ]; do  # a signal ends a wait, whether or not the program has ended\n"
      "  signaled=\n"
      "  wait \"$sweep\"\n"
      "  code=$?\n"
      "done\n"
      "if [ \"$code\" -eq 75 ] && [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt 1000 ]; then  # stopped on the way: once more\n"
      "  scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}\" && exit 75\n"
      "fi\n"
      "exit \"$code\"\n",
      options.jobs, tasks, options.command, tasks);
  return text;
}

std::optional<std::size_t> largest_slurm_array() {
  std::FILE* answer = ::popen("scontrol show config 2>/dev/null", "r");
  if (answer == nullptr) return std::nullopt;
  std::optional<std::size_t> size;
  char line[1024];
  while (std::fgets(line, sizeof line, answer) != nullptr) {
    const char* equals = std::strchr(line, '=');
    if (std::strncmp(line, "MaxArraySize", std::strlen("MaxArraySize")) != 0 || equals == nullptr) continue;
    if (const unsigned long value = std::strtoul(equals + 1, nullptr, 10); value > 0) size = value;
  }
  ::pclose(answer);
  return size;
}

}  // namespace equipoise::sweep
