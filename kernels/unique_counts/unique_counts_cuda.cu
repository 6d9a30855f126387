#include <cuda_runtime_api.h>

#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_run_length_encode.cuh>

#include "kernels/device/scratch.h"
#include "kernels/unique_counts/unique_counts_kernel.h"

namespace equipoise::kernels {
namespace {

struct Arrays {
  void* sorted;
  void* sort_library;
  std::size_t sort_bytes = 0;
  void* count_library;
  std::size_t count_bytes = 0;
  std::size_t bytes;
  cudaError_t status;
};

template <typename Value>
cudaError_t sort(const UniqueProblem& problem, Arrays& arrays, cudaStream_t stream) {
  return cub::DeviceRadixSort::SortKeys(arrays.sort_library, arrays.sort_bytes,
                                        static_cast<const Value*>(problem.values), static_cast<Value*>(arrays.sorted),
                                        problem.rows, 0, static_cast<int>(sizeof(Value)) * 8, stream);
}

template <typename Value>
cudaError_t count(const UniqueProblem& problem, const UniqueResult& result, Arrays& arrays, cudaStream_t stream) {
  return cub::DeviceRunLengthEncode::Encode(
      arrays.count_library, arrays.count_bytes, static_cast<const Value*>(arrays.sorted),
      static_cast<Value*>(result.values), result.counts, result.found, problem.rows, stream);
}

template <typename Value>
Arrays arrays_in(const UniqueProblem& problem, void* memory) {
  Scratch scratch(memory);
  Arrays arrays;
  arrays.sorted = scratch.take<Value>(problem.rows);
  arrays.sort_library = nullptr;
  arrays.count_library = nullptr;
  // Without memory each only says how much it needs.
  arrays.status = sort<Value>(problem, arrays, nullptr);
  if (arrays.status == cudaSuccess) arrays.status = count<Value>(problem, UniqueResult(), arrays, nullptr);
  arrays.sort_library = scratch.take<char>(static_cast<std::int64_t>(arrays.sort_bytes));
  arrays.count_library = scratch.take<char>(static_cast<std::int64_t>(arrays.count_bytes));
  arrays.bytes = scratch.bytes();
  return arrays;
}

template <typename Value>
cudaError_t run(const UniqueProblem& problem, const UniqueResult& result, void* scratch, cudaStream_t stream) {
  Arrays arrays = arrays_in<Value>(problem, scratch);
  if (arrays.status != cudaSuccess) return arrays.status;
  const cudaError_t status = sort<Value>(problem, arrays, stream);
  if (status != cudaSuccess) return status;
  return count<Value>(problem, result, arrays, stream);
}

}  // namespace

std::size_t unique_counts_scratch(const UniqueProblem& problem) {
  return problem.wide ? arrays_in<std::int64_t>(problem, nullptr).bytes
                      : arrays_in<std::int32_t>(problem, nullptr).bytes;
}

int launch_unique_counts(const UniqueProblem& problem, const UniqueResult& result, void* scratch,
                         void* stream_pointer) {
  const cudaStream_t stream = static_cast<cudaStream_t>(stream_pointer);
  if (problem.rows == 0) return cudaMemsetAsync(result.found, 0, sizeof(std::int64_t), stream);
  return problem.wide ? run<std::int64_t>(problem, result, scratch, stream)
                      : run<std::int32_t>(problem, result, scratch, stream);
}

}  // namespace equipoise::kernels
