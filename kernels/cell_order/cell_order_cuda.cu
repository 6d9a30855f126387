#include <cuda_runtime_api.h>
#include <thrust/binary_search.h>
#include <thrust/execution_policy.h>
#include <thrust/iterator/counting_iterator.h>

#include <cub/device/device_radix_sort.cuh>

#include "kernels/cell_order/cell_order_kernel.h"
#include "kernels/cell_order/cell_order_math.h"
#include "kernels/device/launch.cuh"
#include "kernels/device/scratch.h"
#include "kernels/device/stored_cell.h"

namespace equipoise::kernels {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMostBlocks = 1 << 16;

struct Arrays {
  std::uint32_t* keys;
  std::uint32_t* sorted_keys;
  std::int64_t* rows;
  void* library;
  std::size_t library_bytes = 0;
  std::size_t bytes;
  cudaError_t status;
};

int key_bits(std::int64_t cell_count) {
  int bits = 1;
  while ((std::int64_t{1} << bits) <= cell_count) ++bits;
  return bits;
}

cudaError_t sort(const CellOrderProblem& problem, Arrays& arrays, cudaStream_t stream) {
  return cub::DeviceRadixSort::SortPairs(arrays.library, arrays.library_bytes, arrays.keys, arrays.sorted_keys,
                                         arrays.rows, problem.rows, problem.row_count, 0, key_bits(problem.cell_count),
                                         stream);
}

Arrays arrays_in(const CellOrderProblem& problem, void* memory) {
  Scratch scratch(memory);
  Arrays arrays;
  arrays.keys = scratch.take<std::uint32_t>(problem.row_count);
  arrays.sorted_keys = scratch.take<std::uint32_t>(problem.row_count);
  arrays.rows = scratch.take<std::int64_t>(problem.row_count);
  arrays.library = nullptr;
  arrays.status = sort(problem, arrays, nullptr);  // without memory it only says how much it needs
  arrays.library = scratch.take<char>(static_cast<std::int64_t>(arrays.library_bytes));
  arrays.bytes = scratch.bytes();
  return arrays;
}

__global__ void write_keys_kernel(CellOrderProblem problem, std::uint32_t* keys, std::int64_t* rows) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; row < problem.row_count;
       row += stride) {
    keys[row] = sort_key(stored_cell(problem.cells, problem.cell_type, row), problem.cell_count);
    rows[row] = row;
  }
}

}  // namespace

std::size_t cell_order_scratch(const CellOrderProblem& problem) {
  return arrays_in(problem, nullptr).bytes;
}

int launch_cell_order(const CellOrderProblem& problem, void* scratch, void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  Arrays arrays = arrays_in(problem, scratch);
  if (arrays.status != cudaSuccess) return arrays.status;
  write_keys_kernel<<<blocks_for(problem.row_count, kThreads, kMostBlocks), kThreads, 0, stream>>>(problem, arrays.keys,
                                                                                                   arrays.rows);
  const cudaError_t status = sort(problem, arrays, stream);
  if (status != cudaSuccess) return status;
  const auto first_cell = thrust::make_counting_iterator(std::uint32_t{0});
  thrust::lower_bound(thrust::cuda::par_nosync.on(stream), arrays.sorted_keys, arrays.sorted_keys + problem.row_count,
                      first_cell, first_cell + (problem.cell_count + 1), problem.offsets);
  return cudaGetLastError();
}

}  // namespace equipoise::kernels
