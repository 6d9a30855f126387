#include "engine/sweep/processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/core/error.h"

namespace equipoise::sweep {
namespace {

constexpr int kCannotRun = 127;

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_with(const std::optional<std::string>& gpus) {
  constexpr std::string_view kName = "CUDA_VISIBLE_DEVICES=";
  std::vector<std::string> variables;
  for (char** variable = ::environ; *variable != nullptr; ++variable)
    if (!is_of_launcher(*variable) && (!gpus || !std::string_view(*variable).starts_with(kName)))
      variables.emplace_back(*variable);
  if (gpus) variables.push_back(std::string(kName) + *gpus);
  return variables;
}

// After fork: nothing here takes memory.
[[noreturn]] void become(const char* program, char** words, char** environment, int log, const cpu_set_t* cpus,
                         pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(128 + SIGTERM);
  if (cpus != nullptr) ::sched_setaffinity(0, sizeof *cpus, cpus);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execve(program, words, environment);
  ::_exit(kCannotRun);
}

}  // namespace

bool is_of_launcher(std::string_view variable) {
  static constexpr std::string_view kWhole[] = {"RANK",
                                                "WORLD_SIZE",
                                                "LOCAL_RANK",
                                                "LOCAL_WORLD_SIZE",
                                                "GROUP_RANK",
                                                "GROUP_WORLD_SIZE",
                                                "ROLE_RANK",
                                                "ROLE_NAME",
                                                "ROLE_WORLD_SIZE",
                                                "MASTER_ADDR",
                                                "MASTER_PORT",
                                                "MPI_LOCALRANKID",
                                                "MPI_LOCALNRANKS",
                                                "SLURM_PROCID",
                                                "SLURM_LOCALID",
                                                "SLURM_NODEID",
                                                "SLURM_NTASKS",
                                                "SLURM_NPROCS",
                                                "SLURM_NTASKS_PER_NODE",
                                                "SLURM_TASKS_PER_NODE",
                                                "SLURM_GTIDS",
                                                "SLURM_TASK_PID"};
  static constexpr std::string_view kBeginnings[] = {"OMPI_", "PMI_", "PMIX_", "TORCHELASTIC_", "SLURM_STEP_"};
  const std::string_view name = variable.substr(0, variable.find('='));
  return std::ranges::find(kWhole, name) != std::end(kWhole) ||
         std::ranges::any_of(kBeginnings, [&](std::string_view beginning) { return name.starts_with(beginning); });
}

pid_t start(const Start& what) {
  const int log = ::open(what.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0)
    throw core::UserError(core::Fault::data,
                          fmt::format("cannot write '{}': {}", what.log.string(), std::strerror(errno)));
  std::vector<std::string> words = what.words, variables = environment_with(what.gpus);
  std::vector<char*> word_pointers = pointers_to(words), variable_pointers = pointers_to(variables);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (const int cpu : what.cpus) CPU_SET(cpu, &cpus);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child == 0)
    become(words.front().c_str(), word_pointers.data(), variable_pointers.data(), log,
           what.cpus.empty() ? nullptr : &cpus, parent);
  const int number = errno;
  ::close(log);
  if (child < 0)
    throw core::UserError(core::Fault::data, fmt::format("cannot start a process: {}", std::strerror(number)));
  return child;
}

std::optional<int> exit_code_of(pid_t process) {
  int status = 0;
  const pid_t ended = ::waitpid(process, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
  if (ended < 0) return kCannotRun;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::vector<int> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

std::vector<int> share_of(const std::vector<int>& cpus, std::size_t index, std::size_t count) {
  if (count > cpus.size()) return cpus;
  const auto at = [&](std::size_t share) {
    return cpus.begin() + static_cast<std::ptrdiff_t>(cpus.size() * share / count);
  };
  return {at(index), at(index + 1)};
}

std::filesystem::path own_program() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

}  // namespace equipoise::sweep
