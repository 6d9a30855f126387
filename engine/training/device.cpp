#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <charconv>
#include <thread>

#include "engine/core/error.h"
#include "engine/training/trainer.h"

namespace equipoise::training {
namespace {

// The CUDA half of LibTorch is loaded when it is wanted: linked in, it would cost every CPU run start-up time and
// memory.
bool load_cuda(std::string& reason) {
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    reason = std::string("LibTorch's CUDA library does not load: ") + dlerror();
    return false;
  }
  if (!at::globalContext().hasCUDA() || at::getNumGPUs() == 0) {
    reason = "no CUDA device is visible";
    return false;
  }
  return true;
}

bool driver_is_there() {
  return dlopen("libcuda.so.1", RTLD_LAZY) != nullptr;
}

core::UserError device_error(const std::string& message, const config::Origin& origin) {
  return core::UserError(core::Fault::config, message, origin.of("device"));
}

}  // namespace

at::Device choose_device(const RunConfig& config, const config::Origin& origin) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  at::set_num_threads(config.threads > 0 ? static_cast<int>(config.threads) : static_cast<int>(cores));
  if (config.device == "cpu") return at::kCPU;
  std::string reason;
  if (config.device == "auto") {
    return driver_is_there() && load_cuda(reason) ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  }
  int index = 0;
  const bool numbered = config.device.rfind("cuda:", 0) == 0;
  const char* digits = config.device.c_str() + 5;
  const char* end = config.device.c_str() + config.device.size();
  if (config.device != "cuda" &&
      (!numbered || digits == end || std::from_chars(digits, end, index).ptr != end || index < 0 || index > 127)) {
    throw device_error("device is '" + config.device + "', expected auto, cpu, cuda or cuda:N", origin);
  }
  if (!driver_is_there())
    throw device_error("device is '" + config.device + "', but this machine has no NVIDIA driver", origin);
  if (!load_cuda(reason)) throw device_error("device is '" + config.device + "', but " + reason, origin);
  const int count = static_cast<int>(at::getNumGPUs());
  if (index >= count) {
    throw device_error(
        "device is '" + config.device + "', but there are " + std::to_string(count) + " CUDA devices, from 0", origin);
  }
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace equipoise::training
