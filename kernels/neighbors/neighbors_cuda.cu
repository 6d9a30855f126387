#include <cuda_pipeline_primitives.h>
#include <cuda_runtime_api.h>

#include "kernels/device/launch.cuh"
#include "kernels/neighbors/near_tiles.cuh"
#include "kernels/neighbors/settled_rows.cuh"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kExactBlocks = 8 * kMultiprocessors;
constexpr std::size_t kListBytes = sizeof(NearKey) * kNearTile * kHeldList;

__global__ void __launch_bounds__(kPackThreads, 4) pack_kernel(NeighborsProblem problem, NeighborsArrays arrays) {
  __shared__ PackShared shared;
  if (blockIdx.x == 0 && threadIdx.x == 0) *arrays.unsure_count = 0;
  pack_in_block(problem, arrays, blockIdx.x, shared);
}

__global__ void __launch_bounds__(kNearThreads, 2) find_near_kernel(NeighborsProblem problem, NeighborsArrays arrays) {
  extern __shared__ __align__(16) unsigned char memory[];
  NearShared& shared = *reinterpret_cast<NearShared*>(memory);
  find_near_in_block(problem, arrays, blockIdx.x, shared, reinterpret_cast<NearKey*>(memory + sizeof(NearShared)));
}

__global__ void __launch_bounds__(kSettleThreads) settle_kernel(NeighborsProblem problem, NeighborsArrays arrays) {
  __shared__ SettleShared shared;
  settle_in_block(problem, arrays, blockIdx.x, shared);
}

__global__ void __launch_bounds__(kExactThreads) find_unsure_kernel(NeighborsProblem problem, NeighborsArrays arrays) {
  __shared__ ExactShared shared;
  find_unsure_in_block(problem, arrays, shared);
}

}  // namespace

std::size_t neighbors_scratch(const NeighborsProblem& problem) {
  Scratch scratch;
  arrays_in(problem, scratch);
  return scratch.bytes();
}

int launch_neighbors(const NeighborsProblem& problem, void* memory, void* stream_pointer) {
  if (problem.count == 0) return cudaSuccess;
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  Scratch scratch(memory);
  const NeighborsArrays arrays = arrays_in(problem, scratch);
  const auto tiles = static_cast<unsigned>(tiles_of(problem));
  const std::size_t bytes = sizeof(NearShared) + kListBytes;
  const cudaError_t status =
      cudaFuncSetAttribute(find_near_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
  if (status != cudaSuccess) return status;
  constexpr int kRowsOfABlock = kSettleThreads / 32;
  pack_kernel<<<tiles, kPackThreads, 0, stream>>>(problem, arrays);
  find_near_kernel<<<tiles, kNearThreads, bytes, stream>>>(problem, arrays);
  settle_kernel<<<static_cast<unsigned>((problem.count + kRowsOfABlock - 1) / kRowsOfABlock), kSettleThreads, 0,
                  stream>>>(problem, arrays);
  find_unsure_kernel<<<blocks_for(problem.count, 1, kExactBlocks), kExactThreads, 0, stream>>>(problem, arrays);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
