#include "engine/distributed/nccl/nccl_group.h"

#include <c10/cuda/CUDAGuard.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include <chrono>

extern "C" c10d::Backend* equipoise_make_nccl_group(c10d::Store* store, std::int64_t rank, std::int64_t size,
                                                    std::int64_t device, double timeout_seconds) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = std::chrono::milliseconds(static_cast<std::int64_t>(timeout_seconds * 1000));
  auto group =
      c10::make_intrusive<c10d::ProcessGroupNCCL>(c10::intrusive_ptr<c10d::Store>::unsafe_reclaim_from_nonowning(store),
                                                  static_cast<int>(rank), static_cast<int>(size), options);
  group->setBoundDeviceId(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device)));
  return group.release();
}
