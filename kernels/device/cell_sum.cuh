// Sums in a fixed order: inside a block, inside a warp by key, and over the partials of all blocks.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/device/host_device.h"
#include "kernels/device/launch.cuh"

namespace equipoise::kernels {

// Adds kValues over the lanes of a warp that have the same key, pairing neighbours among those lanes (a fixed tree);
// the lowest lane of each key ends with the sums and gets true. All lanes of the warp must call it.
template <int kValues>
__device__ bool warp_sum_by_key(std::int32_t key, float (&values)[kValues]) {
  const unsigned lane = threadIdx.x % 32;
  const unsigned same = __match_any_sync(kWholeWarp, key);
  const unsigned below = same & ((1u << lane) - 1u);
  unsigned place = __popc(below);
  unsigned above = same & ~below & ~(1u << lane);
  while (__any_sync(kWholeWarp, above != 0)) {
    const int next = __ffs(static_cast<int>(above));
#pragma unroll
    for (int i = 0; i < kValues; ++i) {
      const float other = __shfl_sync(kWholeWarp, values[i], (next - 1) & 31);
      if (next != 0) values[i] += other;
    }
    // Lanes in odd places have just been taken in by the lane before them.
    above &= __ballot_sync(kWholeWarp, (place & 1u) == 0);
    place >>= 1;
  }
  return below == 0;
}

constexpr int kPartialColumns = 32;
constexpr int kPartialSlices = 32;

// sums[i] = sum over strips of partials[strip * size + i]. Blocks of kPartialColumns x kPartialSlices threads, which may be
// launched before the grid that makes the partials has ended.
static __global__ void add_partials_kernel(const double* partials, std::int64_t strips, std::int64_t size,
                                           double* sums) {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
  __shared__ double slices[kPartialSlices][kPartialColumns + 1];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kPartialColumns + threadIdx.x;
  double sum = 0.0;
  if (column < size) {
    for (std::int64_t strip = threadIdx.y; strip < strips; strip += kPartialSlices) {
      sum += partials[strip * size + column];
    }
  }
  slices[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y == 0 && column < size) {
    double total = 0.0;
    for (int slice = 0; slice < kPartialSlices; ++slice) total += slices[slice][threadIdx.x];
    sums[column] = total;
  }
}

// Starts it behind the grid that makes the partials; where the GPU can, so early that the launch itself costs no time.
inline cudaError_t launch_add_partials(const double* partials, std::int64_t strips, std::int64_t size, double* sums,
                                       cudaStream_t stream) {
  static const bool waits_by_itself = [] {
    cudaFuncAttributes compiled{};
    return cudaFuncGetAttributes(&compiled, add_partials_kernel) == cudaSuccess && compiled.ptxVersion >= 90;
  }();
  cudaLaunchAttribute early{};
  early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  early.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = blocks_for(size, kPartialColumns, size);
  config.blockDim = dim3(kPartialColumns, kPartialSlices);
  config.stream = stream;
  config.attrs = &early;
  config.numAttrs = waits_by_itself ? 1 : 0;
  return cudaLaunchKernelEx(&config, add_partials_kernel, partials, strips, size, sums);
}

}  // namespace equipoise::kernels
