#include "engine/core/gpu_driver.h"

#include <dlfcn.h>

namespace equipoise::core {
namespace {

// The part of the CUDA driver API that is asked here (cuda.h): all return 0 for success.
struct Driver {
  int (*initialize)(unsigned) = nullptr;
  int (*version)(int*) = nullptr;
  int (*count)(int*) = nullptr;
  int (*device)(int*, int) = nullptr;
  int (*name)(char*, int, int) = nullptr;
  int (*memory)(std::size_t*, int) = nullptr;
  int (*attribute)(int*, int, int) = nullptr;
};
constexpr int kMajor = 75, kMinor = 76;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR

template <typename Function>
bool bind(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool bind_all(void* library, Driver& driver) {
  return bind(library, "cuInit", driver.initialize) && bind(library, "cuDriverGetVersion", driver.version) &&
         bind(library, "cuDeviceGetCount", driver.count) && bind(library, "cuDeviceGet", driver.device) &&
         bind(library, "cuDeviceGetName", driver.name) && bind(library, "cuDeviceTotalMem_v2", driver.memory) &&
         bind(library, "cuDeviceGetAttribute", driver.attribute);
}

GpuFacts describe(const Driver& driver, int index) {
  GpuFacts facts;
  int device = 0;
  char name[256] = "";
  std::size_t bytes = 0;
  if (driver.device(&device, index) != 0) return facts;
  if (driver.name(name, sizeof name, device) == 0) facts.name = name;
  if (driver.memory(&bytes, device) == 0) facts.memory_bytes = bytes;
  driver.attribute(&facts.major, kMajor, device);
  driver.attribute(&facts.minor, kMinor, device);
  return facts;
}

}  // namespace

GpuDriver describe_gpus() {
  GpuDriver result;
  void* library = ::dlopen("libcuda.so.1", RTLD_LAZY);
  Driver driver;
  if (library == nullptr) {
    result.missing = "no NVIDIA driver (libcuda.so.1 is not there)";
    return result;
  }
  if (!bind_all(library, driver)) {
    result.missing = "libcuda.so.1 is not a whole NVIDIA driver";
    return result;
  }
  driver.version(&result.cuda_version);
  int count = 0;
  const int failure = driver.initialize(0);
  if (failure != 0 || driver.count(&count) != 0 || count == 0) {
    result.missing = "the NVIDIA driver sees no device (cuInit returned " + std::to_string(failure) + ")";
    return result;
  }
  for (int index = 0; index < count; ++index) result.devices.push_back(describe(driver, index));
  return result;
}

}  // namespace equipoise::core
