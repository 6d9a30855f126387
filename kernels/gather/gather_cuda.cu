#include <cuda_runtime_api.h>

#include "kernels/device/launch.cuh"
#include "kernels/gather/gather_kernel.h"
#include "kernels/gather/gather_math.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kTileWidth = 2048;            // components that one block knows the features of
constexpr std::int64_t kMostBlocks = 2048;  // rows go round beyond

// One block some rows of one tile of components; neighbouring threads write neighbouring components.
template <typename Stored>
__global__ void __launch_bounds__(kThreads) gather_kernel(GatherProblem problem) {
  __shared__ std::int32_t feature_of[kTileWidth];
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * kTileWidth;
  const std::int64_t left = problem.width - first;
  const std::int32_t tile = static_cast<std::int32_t>(left < kTileWidth ? left : kTileWidth);
  for (std::int32_t i = threadIdx.x; i < tile; i += kThreads) feature_of[i] = -1;
  __syncthreads();
  for (std::int64_t feature = threadIdx.x; feature < problem.features; feature += kThreads) {
    const std::int64_t offset = problem.layout[feature * 3 + 1];
    const std::int64_t begin = offset - first > 0 ? offset - first : 0;
    const std::int64_t end = offset + problem.layout[feature * 3 + 2] - first;
    for (std::int64_t i = begin; i < end && i < tile; ++i) feature_of[i] = static_cast<std::int32_t>(feature);
  }
  __syncthreads();
  for (std::int64_t slot = blockIdx.x; slot < problem.batch_rows; slot += gridDim.x) {
    const std::int64_t row = problem.rows[slot];
    Stored* out = static_cast<Stored*>(problem.batch) + slot * problem.width + first;
    const bool exists = row >= 0 && row < problem.population;
    for (std::int32_t i = threadIdx.x; i < tile; i += kThreads) {
      const std::int32_t feature = feature_of[i];
      float component = 0.0f;
      if (!exists) {
        component = __int_as_float(0x7fc00000);
      } else if (feature >= 0) {
        const std::int32_t* entry = problem.layout + static_cast<std::int64_t>(feature) * 3;
        const std::int64_t at = row * problem.features + feature;
        component = encoded_component(entry[0], entry[2], problem.codes[at], problem.values[at],
                                      static_cast<std::int32_t>(first + i - entry[1]));
      }
      store(out + i, component);
    }
  }
}

}  // namespace

int launch_gather(const GatherProblem& problem, void* stream) {
  if (problem.batch_rows == 0 || problem.width == 0) return cudaSuccess;
  const dim3 grid(blocks_for(problem.batch_rows, 1, kMostBlocks),
                  static_cast<unsigned>((problem.width + kTileWidth - 1) / kTileWidth));
  if (problem.bfloat16) {
    gather_kernel<Bfloat16><<<grid, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(problem);
  } else {
    gather_kernel<float><<<grid, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(problem);
  }
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
