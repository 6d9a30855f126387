#include <cuda_runtime_api.h>

#include "kernels/device/launch.cuh"
#include "kernels/make_rows/make_rows_block.cuh"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kBusyBlocks = 4 * kMultiprocessors;
constexpr std::int64_t kMostBlocks = 1 << 20;
// What a block may have without asking for more.
static_assert(kMostCopulaFeatures * sizeof(double) + kMostTileSlots * sizeof(Making) <= 48 * 1024);

__global__ void __launch_bounds__(kMakingThreads, 4) make_rows_kernel(MakeRowsProblem problem, int tile_slots) {
  extern __shared__ double normals[];
  __shared__ Making makings[kMostTileSlots];
  make_rows_in_block(problem, tile_slots, makings, normals);
}

}  // namespace

int launch_make_rows(const MakeRowsProblem& problem, void* stream) {
  if (problem.batch == 0) return cudaSuccess;
  const std::int64_t held = problem.ranked != nullptr && problem.features > 0 ? problem.features : 0;
  std::int64_t tile_slots = problem.batch / kBusyBlocks;
  if (tile_slots > kMostTileSlots) tile_slots = kMostTileSlots;
  if (held > 0 && tile_slots > kMostCopulaFeatures / held) tile_slots = kMostCopulaFeatures / held;
  if (tile_slots < 1) tile_slots = 1;
  const auto bytes = static_cast<std::size_t>(tile_slots * held) * sizeof(double);
  make_rows_kernel<<<blocks_for(problem.batch, tile_slots, kMostBlocks), kMakingThreads, bytes,
                     static_cast<cudaStream_t>(stream)>>>(problem, static_cast<int>(tile_slots));
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
