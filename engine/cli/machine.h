#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace equipoise::cli {

/// One NVIDIA device, as the driver tells it.
struct GpuFacts {
  std::string name;
  std::uint64_t memory_bytes = 0;
  int major = 0, minor = 0;  ///< compute capability
};

struct GpuDriver {
  std::string missing;   ///< why there is no usable driver; "" when there is one
  int cuda_version = 0;  ///< the newest CUDA it runs, 13000 for 13.0
  std::vector<GpuFacts> devices;
};

struct Machine {
  std::string cpu;           ///< model name
  std::string architecture;  ///< x86_64, aarch64
  int cores = 0;             ///< that this process may use
  std::uint64_t memory_bytes = 0, free_memory_bytes = 0;
  std::string cpu_level;  ///< which of the kernels' instruction sets is used: avx512, avx2, baseline
};

Machine describe_machine();

/// Asks the driver itself: neither the CUDA toolkit nor LibTorch's CUDA half is needed.
GpuDriver describe_gpus();

/// "equipoise", "LibTorch", "Arrow", "compiler", ...: what a result hangs on besides config and data.
std::vector<std::pair<std::string, std::string>> versions();

}  // namespace equipoise::cli
