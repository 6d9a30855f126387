// Skips a test where there is no GPU, and says why.
#pragma once

#include <ATen/ATen.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#define EQUIPOISE_NEEDS_GPU()                                                     \
  int gpu_count = 0;                                                              \
  const cudaError_t gpu_status = cudaGetDeviceCount(&gpu_count);                  \
  if (gpu_status != cudaSuccess || gpu_count == 0) {                              \
    GTEST_SKIP() << "no GPU on this machine: " << cudaGetErrorString(gpu_status); \
  }
