#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace equipoise::cli {

struct Machine {
  std::string cpu;           ///< model name
  std::string architecture;  ///< x86_64, aarch64
  int cores = 0;             ///< that this process may use
  std::uint64_t memory_bytes = 0, free_memory_bytes = 0;
  std::string cpu_level;  ///< which of the kernels' instruction sets is used: avx512, avx2, baseline
};

Machine describe_machine();

/// "equipoise", "LibTorch", "Arrow", "compiler", ...: what a result hangs on besides config and data.
std::vector<std::pair<std::string, std::string>> versions();

}  // namespace equipoise::cli
