#include "engine/cli/machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "kernels/device/cpu_level.h"

namespace equipoise::cli {
namespace {

// The value behind "key : value" in a file of /proc, or "".
std::string proc_value(const char* file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || line.compare(0, key.size(), key) != 0) continue;
    const std::size_t first = line.find_first_not_of(" \t", colon + 1);
    return first == std::string::npos ? "" : line.substr(first);
  }
  return "";
}

// "16384 kB" of /proc/meminfo
std::uint64_t kibibytes(const std::string& text) {
  return text.empty() ? 0 : std::strtoull(text.c_str(), nullptr, 10) * 1024;
}

int usable_cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

std::string level_name() {
  switch (kernels::cpu_level()) {
    case kernels::CpuLevel::kAvx512:
      return "avx512";
    case kernels::CpuLevel::kAvx2:
      return "avx2";
    default:
      return "baseline";
  }
}

}  // namespace

Machine describe_machine() {
  Machine machine;
  utsname system{};
  if (::uname(&system) == 0) machine.architecture = system.machine;
  machine.cpu = proc_value("/proc/cpuinfo", "model name");
  if (machine.cpu.empty()) machine.cpu = machine.architecture;
  machine.cores = usable_cores();
  machine.memory_bytes = kibibytes(proc_value("/proc/meminfo", "MemTotal"));
  machine.free_memory_bytes = kibibytes(proc_value("/proc/meminfo", "MemAvailable"));
  machine.cpu_level = level_name();
  return machine;
}

}  // namespace equipoise::cli
