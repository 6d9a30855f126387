#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <charconv>
#include <string_view>
#include <thread>

#include "engine/core/error.h"
#include "engine/core/gpu_driver.h"
#include "engine/models/xgboost.h"
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

// Why this device cannot be used; "" when it can.
std::string obstacle(const core::GpuDriver& driver, std::size_t index) {
  if (!driver.missing.empty()) return driver.missing;
  if (EQUIPOISE_OLDEST_COMPUTE == 0) return "this program was built without CUDA kernels";
  const std::size_t count = driver.devices.size();
  if (index >= count) {
    return "there " +
           (count == 1 ? std::string("is 1 CUDA device") : "are " + std::to_string(count) + " CUDA devices") +
           ", counted from 0";
  }
  const core::GpuFacts& device = driver.devices[index];
  if (10 * device.major + device.minor < EQUIPOISE_OLDEST_COMPUTE) {
    return "the " + device.name + " has compute capability " + std::to_string(device.major) + "." +
           std::to_string(device.minor) + ", and the kernels need " + std::to_string(EQUIPOISE_OLDEST_COMPUTE / 10) +
           "." + std::to_string(EQUIPOISE_OLDEST_COMPUTE % 10) + " or newer";
  }
  std::string reason;
  load_cuda(reason);
  return reason;
}

// Products are fp32 on the CPU. Training in another precision than was asked for would answer another question.
void check_precision_on_cpu(const RunConfig& config, const std::string& why_cpu, const config::Origin& origin) {
  if (config.precision == "fp32") return;
  throw core::UserError(core::Fault::config,
                        "precision: " + config.precision + " needs device: cuda, but " + why_cpu +
                            "; the CPU computes in precision: fp32",
                        origin.of("precision"));
}

// What of a run has no version for GPUs yet; "" where all has.
std::string cpu_alone(const RunConfig& config) {
  return models::is_cpu_alone(config.model) ? "model.kind: " + config.model.kind + " computes on the CPU alone so far"
                                            : "";
}

// Why `auto` leaves a GPU that can be used to others; "" where it does not.
std::string better_on_the_cpu(const RunConfig& config) {
  if (models::grows(config.model))
    return "model.kind: " + config.model.kind + " is sent to a GPU by device: cuda alone";
  return cpu_alone(config);
}

// Trees have no products of matrices.
void check_precision_of_trees(const RunConfig& config, const config::Origin& origin) {
  if (!models::grows(config.model) || config.precision == "fp32") return;
  throw core::UserError(
      core::Fault::config,
      "precision: " + config.precision + " has no meaning for model.kind: " + config.model.kind + "; expected fp32",
      origin.of("precision"));
}

// A launcher may show each rank its own GPU alone.
std::size_t own_index(const core::GpuDriver& driver, const distributed::Launch& launch) {
  return static_cast<std::size_t>(launch.local_rank) % std::max<std::size_t>(1, driver.devices.size());
}

at::Device choose_automatically(const RunConfig& config, const config::Origin& origin, core::Journal& journal,
                                const distributed::Launch& launch) {
  const core::GpuDriver driver = core::describe_gpus();
  const std::size_t index = own_index(driver, launch);
  std::string reason = obstacle(driver, index);
  if (reason.empty()) reason = better_on_the_cpu(config);
  if (reason.empty()) return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
  check_precision_on_cpu(config, "device is 'auto' and found no GPU that can be used: " + reason, origin);
  // Without a driver, as on most machines, there is nothing to say.
  if (driver.missing.empty()) journal.say("The CPU is used: " + reason + ".");
  return at::kCPU;
}

core::UserError device_error(const std::string& message, const config::Origin& origin) {
  return core::UserError(core::Fault::config, message, origin.of("device"));
}

// The N of cuda:N; 0 for cuda.
std::size_t index_of(const std::string& device, const config::Origin& origin) {
  if (device == "cuda") return 0;
  constexpr std::string_view kHead = "cuda:";
  const char* digits = device.c_str() + kHead.size();
  const char* end = device.c_str() + device.size();
  std::size_t index = 0;
  const bool is_headed = device.starts_with(kHead) && device.size() > kHead.size();
  const auto [stop, error] = is_headed ? std::from_chars(digits, end, index) : std::from_chars_result{};
  if (!is_headed || error != std::errc() || stop != end || index > 127) {
    throw device_error("device is '" + device + "', expected auto, cpu, cuda or cuda:N", origin);
  }
  return index;
}

}  // namespace

void check_device(const RunConfig& config, const config::Origin& origin) {
  const bool wants_gpu = config.device != "cpu" && config.device != "auto";
  if (wants_gpu) index_of(config.device, origin);
  if (const std::string why_cpu = wants_gpu ? cpu_alone(config) : ""; !why_cpu.empty())
    throw device_error("device is '" + config.device + "', but " + why_cpu + "; set device: cpu", origin);
  check_precision_of_trees(config, origin);
  if (config.device == "cpu") check_precision_on_cpu(config, "device is 'cpu'", origin);
}

at::Device choose_device(const RunConfig& config, const config::Origin& origin, core::Journal& journal,
                         const distributed::Launch& launch) {
  const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  const std::int64_t own_cores = std::max<std::int64_t>(1, cores / launch.local_size);
  at::set_num_threads(static_cast<int>(config.threads > 0 ? config.threads : own_cores));
  check_device(config, origin);
  if (config.device == "cpu") return at::kCPU;
  if (config.device == "auto") return choose_automatically(config, origin, journal, launch);
  if (launch.local_size > 1 && config.device != "cuda")
    throw device_error("device is '" + config.device + "', and " + std::to_string(launch.local_size) +
                           " ranks on this host would share it; set device: cuda, which gives each its own",
                       origin);
  const core::GpuDriver driver = core::describe_gpus();
  const std::size_t index = config.device == "cuda" ? own_index(driver, launch) : index_of(config.device, origin);
  std::string reason = obstacle(driver, index);
  if (reason.empty() && models::grows(config.model)) reason = models::xgboost::obstacle_to_cuda();
  if (!reason.empty()) throw device_error("device is '" + config.device + "', but " + reason, origin);
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace equipoise::training
