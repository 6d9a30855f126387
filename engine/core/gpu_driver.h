#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace equipoise::core {

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

/// Asks the driver itself: neither the CUDA toolkit nor LibTorch's CUDA half is needed.
GpuDriver describe_gpus();

}  // namespace equipoise::core
