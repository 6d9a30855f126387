// Programs that a sweep starts.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace equipoise::sweep {

struct Start {
  std::vector<std::string> words;   ///< the program's path first
  std::filesystem::path log;        ///< takes what it says, after what is there
  std::vector<int> cpus;            ///< that it may use; none: all
  std::optional<std::string> gpus;  ///< CUDA_VISIBLE_DEVICES
};

/// Whether a variable, or "name=value", is what a launcher (torchrun, mpirun, srun) tells the processes that it starts of their ranks. Of the
/// sweep's own; its programs are each a run of one process, and would wait for ranks that never come.
bool is_of_launcher(std::string_view variable);

/// Starts a program in a process group of its own, so that Ctrl-C reaches the sweep alone, which passes it on. It is asked to end
/// when this process ends. Its environment is this one's without what is_of_launcher(). Throws UserError (data) when the log cannot be written or there is no room for a process.
pid_t start(const Start& what);

/// The exit code of a program that has ended, 128 + signal where one ended it; nothing while it runs.
std::optional<int> exit_code_of(pid_t process);

/// The processors that this process may use.
std::vector<int> usable_cpus();
/// Share `index` of `count` of them, each as large as the others or one larger; all where there are more shares than processors.
std::vector<int> share_of(const std::vector<int>& cpus, std::size_t index, std::size_t count);

/// The program that runs.
std::filesystem::path own_program();

}  // namespace equipoise::sweep
